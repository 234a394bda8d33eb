"""The reference: commands, scenario files, results, catalogue, equations and Python interface, from the program."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

import carsim
from carsim import catalog
from carsim.cli.commands import COMMANDS, root
from carsim.cli.sweep import OF_A_STORE
from website.licences import licences_page
from website.tables import code, page, table

EQUATIONS_OF = "sequential_cd19_cd22.yaml"  # the shipped scenario with most mechanisms


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command that can be typed, with its words: `carsim sweep map` after `carsim sweep`."""
    context = click.Context(root, info_name="carsim")
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        yield from _with_parts(f"carsim {name}", command)


def _with_parts(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    parts = OF_A_STORE if command.name == "sweep" else getattr(command, "commands", {})
    for name, part in parts.items():
        yield from _with_parts(f"{words} {name}", part)


def commands_page() -> str:
    """Each command with its arguments and options, as click knows them."""
    parts = []
    for words, command in every_command():
        context = click.Context(command, info_name=words)
        usage = " ".join([words, *command.collect_usage_pieces(context)])
        records = [record for each in command.get_params(context) if (record := _help_record(each, context))]
        text = inspect.cleandoc(command.help or "")
        parts += [f"## {words}", f"```text\n{usage}\n```", text]
        parts += [table(["option", "meaning"], [(code(name), meaning) for name, meaning in records])] if records else []
    return page("Commands", "Every command and option, as `--help` prints them.", *parts)


def _help_record(each: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    return each.get_help_record(context)


def scenario_page() -> str:
    """Each part of a scenario file with its keys, from the classes that read it."""
    from carsim.spec import json_schema

    schema = json_schema()
    parts = ["## Scenario", schema.get("description", ""), _keys(schema)]
    named = {_part_name(name): part for name, part in reversed(schema["$defs"].items()) if part.get("properties")}
    for name, part in sorted(named.items()):
        parts += [f"## {name}", part.get("description", ""), _keys(part)]
    return page(
        "Scenario files",
        "Every key, from the classes that read a scenario; `carsim schema` prints the same as JSON Schema, and "
        "`carsim validate FILE --resolved` what a file means with all that it leaves out.",
        *parts,
    )


def _part_name(name: str) -> str:
    """Of a class; where two have one name, with the module that tells them apart; spreads of all units are alike."""
    words = name.split("__")
    if words[-1].startswith("Spread") or (len(words) > 2 and words[2].startswith("Spread")):
        return "Spread"
    return words[0] if len(words) == 1 else f"{words[-1].strip('_')} ({words[1]})"


def _keys(part: Mapping[str, Any]) -> str:
    required = set(part.get("required", ()))
    rows = [
        (code(key), _kind(found), "required" if key in required else _default(found), found.get("description", ""))
        for key, found in part.get("properties", {}).items()
    ]
    return table(["key", "value", "if left out", "meaning"], rows)


def _default(found: Mapping[str, Any]) -> str:
    value = found.get("default")
    return "" if value is None or isinstance(value, dict | list) else code(value)


def _kind(found: Mapping[str, Any]) -> str:
    """What may stand there: words, a quantity with an example, a number, or a part of the file."""
    if "enum" in found:
        return ", ".join(code(word) for word in found["enum"])
    if "const" in found:
        return code(found["const"])
    if "x-unit" in found:
        example = found.get("examples", [""])[0]
        return f"quantity in {code(found['x-unit'])}" + (f", as {code(example)}" if example else "")
    if "$ref" in found:
        return _part_name(found["$ref"].rpartition("/")[2])
    choices = found.get("anyOf") or found.get("oneOf") or found.get("allOf")
    if choices:
        kinds = [_kind(choice) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
    if found.get("type") == "array":
        return f"list of {_kind(found.get('items', {})) or 'values'}"
    return str(found.get("type", ""))


def variables_page() -> str:
    """Each variable of a result with its dimensions and unit, and how each endpoint is defined."""
    from carsim.dataset.variables import VARIABLES
    from carsim.endpoints import REGISTRY

    rows = [
        (code(variable.name), ", ".join(variable.dims), code(variable.unit), variable.meaning)
        for variable in VARIABLES.values()
    ]
    endpoints = [
        (code(name), code(VARIABLES[name].unit), endpoint.definition) for name, endpoint in sorted(REGISTRY.items())
    ]
    return page(
        "Variables of a result",
        "Every variable that a result file may hold. A unit of 1 is a pure number; missing numbers are NaN, and "
        "`<endpoint>_reason` says why one is missing.",
        table(["variable", "dimensions", "unit", "meaning"], rows),
        "## Endpoints",
        table(["endpoint", "unit", "definition"], endpoints),
    )


def parameters_page() -> str:
    """Each number of the model with unit, range, grade, source and reason, and the sources."""
    parts = []
    for process in dict.fromkeys(parameter.process for parameter in catalog.parameters().values()):
        own = [parameter for parameter in catalog.parameters().values() if parameter.process == process]
        rows = [
            (code(path), parameter.meaning, *_number(value))
            for parameter in own
            for path, value in parameter.paths().items()
        ]
        parts += [f"## {process}", table(["parameter", "meaning", *NUMBER], rows)]
    sources = [
        (code(source.key), source.citation, source.kind, source.doi, source.licence)
        for source in catalog.sources().values()
    ]
    grades = ", ".join(catalog.GRADES)
    return page(
        "Parameters and their sources",
        f"Every number of the model as a run uses it; grades, best first: {grades}. Research and teaching only.",
        *parts,
        "## Sources",
        table(["source", "citation", "kind", "doi", "licence"], sources),
    )


NUMBER = ("value", "unit", "plausible", "grade", "source", "reason")


def _number(value: catalog.Value) -> tuple[str, ...]:
    plausible = f"{value.low:.4g} to {value.high:.4g}"
    return f"{value.value:.6g}", code(value.unit), plausible, value.grade, code(value.source), value.reason


def products_page() -> str:
    """Each product with its binders, and each population with its medians and spreads."""
    parts = ["## Products"]
    for product in catalog.products().values():
        origin = f"{product.donor} cells, {product.binder_origin} binder, {product.costimulation}"
        rows = [
            (code(arm.antigen), arm.binder, name, *_number(value))
            for arm in product.arms.values()
            for name, value in (
                ("half density", arm.half_density),
                ("steepness", arm.steepness),
                ("efficiency", arm.efficiency),
                ("dwell", arm.dwell),
            )
        ]
        doses = [("", "", f"dose, {kind}", *_number(value)) for kind, value in product.dose.items()]
        parts += [f"### {product.name}", f"{product.title}. {product.notes} ({origin})"]
        parts += [table(["against", "binder", "number", *NUMBER], [*rows, *doses])]
    parts += ["## Populations"]
    for population in catalog.populations().values():
        medians = [
            (code(name), each.meaning, *_number(each.median), f"{each.log_sd:g}")
            for name, each in population.covariates.items()
        ]
        spreads = [(code(name), *_number(value)) for name, value in population.variability.items()]
        parts += [f"### {population.name}", f"{population.title}. {population.notes}"]
        parts += [table(["covariate", "meaning", *NUMBER, "log sd"], medians)]
        parts += ["Spread between patients, standard deviation of the logarithm:", table(["of", *NUMBER], spreads)]
    return page("Products and populations", "What `give:` and `population:` of a scenario may name.", *parts)


def equations_page() -> str:
    """Each process with its laws and reactions, derived from the definition that kernels are compiled from."""
    from carsim.cli.show import network_of
    from carsim.derive.equations import as_text
    from carsim.spec.load import load
    from carsim.spec.shipped import shipped

    lines = as_text(network_of(load(shipped() / EQUATIONS_OF))).splitlines()
    parts: list[str] = []
    for number, line in enumerate(lines):
        if set(line) == {"-"} and number:
            parts += [f"## {lines[number - 1]}", "```text", *_section(lines, number + 1), "```", ""]
    return page(
        "Equations",
        f"The model of `scenarios/{EQUATIONS_OF}` as it is simulated, process by process: laws, then reactions and the "
        "rates at which they happen. `carsim show FILE` prints the same for any scenario, `--latex` as LaTeX; "
        "[the biology](../explain/biology.md) says why each is as it is.",
        "\n".join(parts),
    )


def _section(lines: list[str], first: int) -> Iterator[str]:
    for place in range(first, len(lines)):
        if place + 1 < len(lines) and set(lines[place + 1]) == {"-"}:
            return
        yield lines[place].removeprefix("  ")


def python_page() -> str:
    """Each public name with its signature and what it says of itself."""
    parts = []
    for name in carsim.__all__:
        found = getattr(carsim, name)
        parts += [f"## carsim.{name}", f"```text\n{name}{_signature(found)}\n```"]
        parts += [f"```text\n{inspect.getdoc(found) or ''}\n```"]
    return page(
        "Python",
        "Every public name; whatever is not here may change. Results are xarray datasets: "
        "[their variables](variables.md).",
        *parts,
    )


def _signature(found: Any) -> str:
    try:
        return str(inspect.signature(found))
    except (TypeError, ValueError):
        return ""


def decisions_page(titles: Mapping[str, str]) -> str:
    """The list of decisions; `titles` by file name."""
    rows = [f"- [{title}](decisions/{name})" for name, title in sorted(titles.items())]
    return page("Decisions", "What was decided, and what was considered instead.", "\n".join(rows))


PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/scenario.md": scenario_page,
    "reference/variables.md": variables_page,
    "reference/parameters.md": parameters_page,
    "reference/products.md": products_page,
    "reference/equations.md": equations_page,
    "reference/python.md": python_page,
    "reference/licences.md": licences_page,
}
