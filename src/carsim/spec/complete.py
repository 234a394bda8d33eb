"""Completing a scenario's tree from the catalogue: products, antigen densities; and the engine where none is stated.

What the catalogue supplies is put below what the scenario states, so that merging decides and every value keeps its
origin. Aliases of products and populations become their names, so that equal scenarios stay equal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carsim.catalog import (
    Unknown,
    antigens,
    find_population,
    find_product,
    products,
)
from carsim.errors import Problem, nearest
from carsim.population.correlations import ordered
from carsim.population.parts import COVARIATES
from carsim.spec.merge import empty, merge
from carsim.spec.plain import BY_CHANCE, EXACT_ENOUGH
from carsim.spec.tree import Node, Origin, ScalarError, Sequence, Table, Text, name_of, scalar
from carsim.treatment.entries import GIVEN
from carsim.units import to_text

if TYPE_CHECKING:
    from carsim.catalog import Covariate, Population, Product, Value
    from carsim.errors import Place


def complete(root: Table, problems: list[Problem]) -> Table:
    """Return the tree with everything that the catalogue supplies; unknown names are added to `problems`."""
    for section in ("patient", "cohort"):
        root = _covariates(root, section, problems)
    root = _densities(root)
    return _products(_engine(root), problems)


def is_product(name: str) -> bool:
    """Whether the catalogue has a product of this name or alias."""
    try:
        find_product(name)
    except Unknown:
        return False
    return True


def _with(root: Table, key: str, node: Node) -> Table:
    return replace(root, items={**root.items, key: node})


def _number(value: Value, record: str) -> Text:
    return Text(to_text(value.value, value.unit), origin=Origin("catalogue", f"{record}, {value.source}"))


# Engine --------------------------------------------------------------------------------------------------------------


def _engine(root: Table) -> Table:
    """The engine where none is stated: one of chance for a cohort and for several replicates; and its tolerance."""
    part = root.items.get("run", Table({}))
    if not isinstance(part, Table):
        return root
    items = dict(part.items)
    several = _several(items.get("replicates"))
    if "engine" not in items and ("cohort" in root.items or several):
        why = "with several replicates" if several else "of a cohort"
        items["engine"] = Text(BY_CHANCE, origin=Origin("default", why))
    engine = items.get("engine")
    if isinstance(engine, Text) and engine.text in EXACT_ENOUGH and "rtol" not in items:
        items["rtol"] = Text(EXACT_ENOUGH[engine.text], origin=Origin("default", f"of the engine {engine.text}"))
    return _with(root, "run", replace(part, items=items)) if items != part.items else root


def _several(replicates: Node | None) -> bool:
    """Whether a number of replicates is above one; what is no number is refused elsewhere."""
    try:
        number = scalar(replicates) if isinstance(replicates, Text) else 1
    except ScalarError:
        return False
    return isinstance(number, int | float) and number > 1


# Patients ------------------------------------------------------------------------------------------------------------


def _covariates(root: Table, section: str, problems: list[Problem]) -> Table:
    part = root.items.get(section)
    if not isinstance(part, Table):
        return root
    named = part.items.get("population")
    if not isinstance(named, Text):
        return root
    try:
        population = find_population(named.text)
    except Unknown as error:
        meant = f"`{error.suggestion}`" if error.suggestion else None
        expected = "a population of the catalogue (`carsim list populations`), for example paediatric-rr-ball"
        problems.append(Problem(named.place, f"{section}.population", f"`{named.text}`", expected, meant))
        return root
    part = _with(part, "population", replace(named, text=population.name))
    for name in COVARIATES:
        covariate = population.covariates.get(name)
        if covariate is None:
            continue
        given = part.items.get(name)
        if section == "patient":
            if name == "egfr" and given is None and "renal" in part.items:
                continue  # follows from it
            filled = given if given is not None else _number(covariate.median, population.name)
        else:
            filled = _spread(covariate, population.name)
            filled = filled if given is None else _spread_given(filled, given)
        part = _with(part, name, filled)
    return _with(root, section, _correlations(part, population) if section == "cohort" else part)


def _spread(covariate: Covariate, record: str) -> Node:
    median, origin = covariate.median, Origin("catalogue", f"{record}, {covariate.median.source}")
    limits = {"min": median.low, "max": median.high} if covariate.log_sd else {}
    items: dict[str, Node] = {"median": _number(median, record), "log_sd": Text(repr(covariate.log_sd), origin=origin)}
    items |= {key: Text(to_text(limit, median.unit), origin=origin) for key, limit in limits.items()}
    return Table(items)


def _spread_given(below: Node, given: Node) -> Node:
    """A spread with its own `log_sd`, like a single value, stands alone; others take what they lack."""
    return given if isinstance(given, Table) and "log_sd" in given.items else merge(below, given)


def _correlations(part: Table, population: Population) -> Table:
    """The pairs of the population below those that are stated, each in one order of its names."""
    given = part.items.get("correlations", Table({}))
    if not isinstance(given, Table):
        return part
    known = (*COVARIATES, *population.variability)
    pairs: Table = Table({})
    for usual in population.correlations:
        value = Text(repr(usual.value.value), origin=Origin("catalogue", f"{population.name}, {usual.value.source}"))
        pairs = _with_pair(pairs, ordered(usual.first, usual.second, known), value)
    turned, seen = Table({}, given.place), set[tuple[str, str]]()
    for first, row in given.items.items():
        if not isinstance(row, Table):
            return part
        for second, stated in row.items.items():
            pair = ordered(first, second, known)
            place = pair[::-1] if pair in seen else pair  # in both orders: both stay, for the report
            turned = _with_pair(turned, place, stated, row.keys.get(second))
            seen.add(pair)
    return _with(part, "correlations", merge(pairs, turned))


def _with_pair(pairs: Table, names: tuple[str, str], value: Node, place: Place | None = None) -> Table:
    first, second = names
    row = pairs.items.get(first, Table({}, place))
    assert isinstance(row, Table)
    row = replace(row, items={**row.items, second: value}, keys={**row.keys, second: place})
    return replace(pairs, items={**pairs.items, first: row}, keys={first: place, **pairs.keys})


# Leukaemia -----------------------------------------------------------------------------------------------------------


def _densities(root: Table) -> Table:
    part = root.items.get("leukaemia", Table({}))
    if not isinstance(part, Table):
        return root
    supplied: dict[str, Node] = {}
    for antigen in antigens().values():
        density = antigen.densities["blasts"]
        record = f"{antigen.name} on blasts"
        supplied[antigen.name.lower()] = Table(
            {"median": _number(density.median, record), "log_sd": _number(density.log_sd, record)}
        )
    main = _clone(Table(supplied), part.items.get("main", Table({})))
    part = _with(part, "main", main)
    clones = part.items.get("clones")
    if isinstance(clones, Sequence) and isinstance(main, Table):
        own = Table({key: main.items[key] for key in supplied if key in main.items})
        made = tuple(_clone(_below(own, clone), clone) for clone in clones.items)
        part = _with(part, "clones", replace(clones, items=made))
    return _with(root, "leukaemia", part)


def _clone(below: Table, given: Node) -> Node:
    if not isinstance(given, Table):
        return given
    items = {key: _density(item) if key in below.items else item for key, item in given.items.items()}
    return merge(below, replace(given, items=items))


def _below(own: Table, clone: Node) -> Table:
    """What a clone has where it states nothing: the main clone's antigens; a myeloid one none."""
    lineage = clone.items.get("lineage") if isinstance(clone, Table) else None
    if not isinstance(clone, Table) or not isinstance(lineage, Text) or lineage.text != "myeloid":
        return own
    none = Text("absent", origin=Origin("default", "a myeloid clone"))
    return Table({key: density if key in clone.items else none for key, density in own.items.items()})


def _density(node: Node) -> Node:
    if isinstance(node, Text) and node.text[:1].isdigit():
        return Table({"median": node}, node.place, {"median": node.place})
    return node


# Products ------------------------------------------------------------------------------------------------------------


def _products(root: Table, problems: list[Problem]) -> Table:
    listed = root.items.get("products", Sequence(()))
    if not isinstance(listed, Sequence):
        return root
    made: dict[str, Node] = {}
    others: list[Node] = []
    for item in listed.items:
        name = name_of(item)
        if isinstance(item, Table) and name and name not in made:
            made[name] = _variant(item, name, made, problems)
        else:
            others.append(item)
    treatment = root.items.get("treatment")
    if isinstance(treatment, Sequence):
        root = _with(root, "treatment", _given(treatment, "treatment", made, problems))
    return _with(root, "products", replace(listed, items=(*made.values(), *others)))


def _variant(item: Table, name: str, made: dict[str, Node], problems: list[Problem]) -> Node:
    base = item.items.get("extends", item.items["name"])
    if empty(base):
        base = item.items["name"]
    if not isinstance(base, Text):
        return item
    if base.text in made:
        parent = made[base.text]
        if isinstance(parent, Table):
            parent = replace(parent, items={key: node for key, node in parent.items.items() if key != "name"})
            root_of = parent.items.get("extends", base)
            item = _with(item, "extends", root_of)
        return merge(parent, item)
    try:
        record = find_product(base.text)
    except Unknown as error:
        options = [*products(), *made]
        problems.append(_unknown(base.place, f"products.{name}.extends", base.text, options, error.suggestion))
        return item
    return merge(_product(record), _with(item, "extends", replace(base, text=record.name)))


def _product(record: Product) -> Table:
    origin = Origin("catalogue", record.name)
    arms: dict[str, Node] = {}
    for antigen, arm in record.arms.items():
        numbers = ("half_density", "steepness", "efficiency", "dwell")
        items: dict[str, Node] = {key: _number(getattr(arm, key), record.name) for key in numbers}
        if arm.costimulation is not None:
            items["costimulation"] = Text(arm.costimulation, origin=origin, plain=False)
        arms[antigen] = Table(items)
    ratio = {key: _number(getattr(record.cd4_to_cd8, key), record.name) for key in ("median", "log_sd")}
    return Table(
        {
            "name": Text(record.name, origin=origin),
            "extends": Text(record.name, origin=origin),
            "costimulation": Text(record.costimulation, origin=origin, plain=False),
            "arms": Table(arms),
            "binder_origin": Text(record.binder_origin, origin=origin),
            "donor": Text(record.donor, origin=origin),
            "cd4_to_cd8": Table(dict(ratio)),
            "vector_copies": _number(record.vector_copies, record.name),
            "memory_share": _number(record.memory_share, record.name),
        }
    )


def _given(entries: Sequence, path: str, made: dict[str, Node], problems: list[Problem]) -> Sequence:
    items: list[Node] = []
    for at, entry in enumerate(entries.items):
        here = f"{path}.{name_of(entry) or at}"
        if isinstance(entry, Table):
            give, course = entry.items.get("give"), entry.items.get("course")
            if isinstance(give, Text) and give.text not in GIVEN:
                entry = _with(entry, "give", _product_given(give, f"{here}.give", made, problems))
            if isinstance(course, Sequence):
                entry = _with(entry, "course", _given(course, f"{here}.course", made, problems))
        items.append(entry)
    return replace(entries, items=tuple(items))


def _product_given(give: Text, path: str, made: dict[str, Node], problems: list[Problem]) -> Text:
    if give.text in made:
        return give
    try:
        record = find_product(give.text)
    except Unknown as error:
        options = [*products(), *made, *GIVEN]
        problems.append(_unknown(give.place, path, give.text, options, error.suggestion))
        return give
    made.setdefault(record.name, _product(record))
    return replace(give, text=record.name)


def _unknown(place: Place | None, path: str, name: str, options: list[str], alias: str | None) -> Problem:
    meant = nearest(name, options) or alias
    kind = (
        "a product, drug or procedure" if path.endswith("give") else "a product of the catalogue, or one listed before"
    )
    expected = f"{kind} (`carsim list products`), for example tisagenlecleucel"
    return Problem(place, path, f"`{name}`", expected, f"`{meant}`" if meant else None)
