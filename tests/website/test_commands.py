"""Every command that a guide prints can be typed: its options exist, its scenario reads, its values can be set."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import click
import pytest

import carsim
from carsim import spec
from carsim.cli import main
from carsim.cli.commands import root
from carsim.errors import CarsimError

from .guides import ROOT, Command, blocks, commands, every_command, every_snippet, guides

# Commands that no test executes as they are printed, and why; the words are the beginning of the command.
NOT_EXECUTED = {
    "calibrate": "takes half an hour; tests/calibrate conducts small studies",
    "scorecard": "simulates trials of minutes; tests/scorecard and tests/cli conduct small ones",
    "selftest": "tests/selftest conducts all of it",
    "lab": "serves until it is stopped; tests/classroom opens and exports pages",
    "sweep scenarios/sweeps/escape_map.yaml --out my_sweep.zarr --executor": "needs a cluster; tests/sweeps has one",
    "sweep scenarios/sweeps/bispecific_balance.yaml": "minutes; the escape map is simulated smaller",
    "sweep map my_balance.zarr": "of the sweep before",
    "sweep map my_persistence.zarr": "of a sweep of minutes; tests/sweeps draws small ones",
    "sweep optimum my_interval.zarr": "of a sweep of minutes; tests/sweeps finds optima",
    "compare": "minutes, and scenarios of one's own; tests/cli compares small ones",
    "export csv": "needs results of one's own; tests/cli writes tables of some",
    "export parquet": "needs a result of one's own; tests/cli writes the table of one",
    "export petab": "needs measurements; tests/interchange invents some",
    "sensitivity": "simulates designs of minutes; tests/sweeps conducts small ones",
    "trial scenarios/systems/zhao.yaml": "minutes; tests/scenarios runs every system",
    "trial scenarios/systems/turtle.yaml": "minutes; tests/scenarios runs every system",
    "trial scenarios/trials/strategies.yaml": "minutes; the self-test and a notebook conduct it with few patients",
    "trial scenarios/systems/eliana.yaml --patients 40 --draws": "minutes; tests/trial draws for a small one",
    "trial scenarios/systems/eliana.yaml --patients 300 --vpc": "needs measurements; tests/trial invents some",
    "run --literature kimmel2021 --engine hybrid": "a thousand courses; tests/literature conducts fewer",
    "run scenarios/tisagenlecleucel_child.yaml --observations": "needs measurements; tests/individual fits some",
    "run scenarios/antigen_escape.yaml --engine hybrid": "two hundred courses; tests/pipeline runs fewer",
    "run scenarios/why_one_cell_matters.yaml": "a hundred courses; tests/pipeline runs fewer",
    "run scenarios/low_density_survivors.yaml": "single cells of a minute; tests/pipeline runs fewer",
}
# Guides whose Python no test executes as it is printed, and why.
PYTHON_NOT_EXECUTED = {
    "docs/how-to/one_patient.md": "needs measurements; tests/individual does the same with invented ones",
    "docs/how-to/cluster.md": "needs a cluster; tests/sweeps has one",
    "docs/how-to/compare.md": "needs scenarios of one's own; tests/trial compares some",
}
# What is executed smaller than it is printed: texts of commands and snippets, and of scenarios in the copy.
SMALLER = {"--patients 40": "--patients 3", "cohort.n=40": "cohort.n=3", "scenario, 50": "scenario, 2"}
SMALLER_SCENARIOS = {
    "scenarios/sweeps/escape_map.yaml": {"n: 24": "n: 2", "n: 8}": "n: 2}", "n: 6}": "n: 2}", "24 months": "2 months"}
}
START = "docs/start/ten_minutes.md"  # its scenarios are written for its commands
COMMANDS = every_command()


def problem(command: Command) -> str:
    """Why a command cannot be typed; empty where it can."""
    try:
        context = click.Context(root, info_name="carsim")
        _parse(root, list(command.words), context)
        _read(command)
    except (click.UsageError, CarsimError, OSError) as error:
        return f"{command.guide}: {command}: {error}"
    return ""


def _parse(group: click.Group, words: list[str], parent: click.Context) -> None:
    """Parse the words by the command's own options, and those of its parts; nothing is executed."""
    found = group.get_command(parent, words[0]) if words else None
    if found is None:
        raise click.UsageError(f"no command in {words}")
    if isinstance(found, click.Group) and (words[1:2] and words[1] in found.commands):
        _parse(found, words[1:], parent)
        return
    if isinstance(found, click.Group) and not found.invoke_without_command:
        raise click.UsageError(f"{words[0]} has no part {words[1:2]}; it has {', '.join(found.commands)}")
    found.make_context(words[0], words[1:], parent=parent)


def _read(command: Command) -> None:
    """Read a scenario of the checkout with what is set over it."""
    words = list(command.words)
    files = [word for word in words if word.startswith("scenarios/")]
    values = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--set"]
    for file in files:
        spec.load(ROOT / file, values)


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_printed_command_can_be_typed(command: Command) -> None:
    assert problem(command) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("carsim rum x.yaml", "did you mean `run`"),
        ("carsim run scenarios/antigen_escape.yaml --replicate", "--replicate"),
        ("carsim run scenarios/antigen_escape.yaml --engine odd", "odd"),
        ("carsim run scenarios/none.yaml", "none.yaml"),
        ("carsim run scenarios/antigen_escape.yaml --set run.untl=3", "untl"),
        ("carsim export smbl scenarios/antigen_escape.yaml x.xml", "smbl"),
    ],
)
def test_a_command_that_cannot_be_typed_is_seen(text: str, what: str) -> None:
    (command,) = commands("A.md", f"```sh\npip install . && {text}  # a comment\n```\n")
    assert what in problem(command)


def reason(command: Command) -> str:
    """Why a command is not executed; empty where it is."""
    return next((why for words, why in NOT_EXECUTED.items() if f"{' '.join(command.words)} ".startswith(words)), "")


def test_each_reason_not_to_execute_is_of_a_command_that_is_printed() -> None:
    printed = [" ".join(command.words) for command in COMMANDS]
    assert [words for words in NOT_EXECUTED if not any(text.startswith(words) for text in printed)] == []
    assert set(PYTHON_NOT_EXECUTED) <= set(every_snippet())


@pytest.mark.parametrize("guide", every_snippet())
def test_printed_python_is_python(guide: str) -> None:
    for snippet in every_snippet()[guide]:
        assert ast.parse(snippet).body


def smaller(text: str, sizes: dict[str, str]) -> str:
    """A text with other numbers."""
    for printed, executed in sizes.items():
        text = text.replace(printed, executed)
    return text


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which commands find the scenarios and write what they write."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    for file, sizes in SMALLER_SCENARIOS.items():
        text = (folder / file).read_text(encoding="utf-8")
        assert all(printed in text for printed in sizes)
        (folder / file).write_text(smaller(text, sizes), encoding="utf-8")
    product, sweep = re.findall(r"```yaml\n(.*?)```", (ROOT / START).read_text(encoding="utf-8"), flags=re.DOTALL)
    (folder / "my_product.yaml").write_text(product, encoding="utf-8")
    (folder / "my_map.yaml").write_text(product + sweep, encoding="utf-8")
    for guide in guides():
        for text in blocks("yaml", guide.read_text(encoding="utf-8")):
            if named := re.match(r"# (my_\w+\.yaml)\n", text):
                (folder / named[1]).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.full
def test_what_guides_print_does_what_they_say(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in the order of the guides, so that one finds what an earlier one wrote; then Python, which reads it."""
    monkeypatch.chdir(checkout)
    executed = [command for command in COMMANDS if not reason(command)]
    assert len(executed) > 20
    assert [command for command in executed if not succeeds(command)] == []
    shutil.rmtree("my_sweep.zarr")  # a guide makes it by Python too
    printed = {guide: found for guide, found in every_snippet().items() if guide not in PYTHON_NOT_EXECUTED}
    assert len(printed) >= 3
    for guide, snippets in printed.items():
        names = {"scenario": spec.load("scenarios/systems/eliana.yaml", ["cohort.n=3"]), "carsim": carsim}
        for snippet in snippets:
            exec(compile(smaller(snippet, SMALLER), guide, "exec"), names)  # noqa: S102  (our own guides)


def succeeds(command: Command) -> bool:
    """Execute a command, some with fewer patients; what an earlier one wrote is replaced."""
    words = [
        smaller(f"--patients {word}", SMALLER).split()[1] if before == "--patients" else word
        for before, word in zip(("", *command.words), command.words, strict=False)
    ]
    force = command.words[0] in ("run", "trial") and "--force" not in words
    return main([*words, *(["--force"] if force else [])]) == 0
