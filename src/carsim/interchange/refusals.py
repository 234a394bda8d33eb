"""What a file cannot say, or not in the same words: it is refused with every reason, never exported in part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from carsim.derive.equations import laws_of, report
from carsim.derive.expressions import CannotDerive, refuse_unknown
from carsim.derive.symbolic import formula_of_cell
from carsim.errors import CarsimError
from carsim.interchange.fixed import rows_read
from carsim.interchange.individual import Individual
from carsim.model.dimension import parse
from carsim.model.network import Network
from carsim.spec.plain import CHANCE, OF_CELLS

if TYPE_CHECKING:
    from carsim.spec import Scenario


class CannotExport(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """A model holds what the format cannot say; `problems` has one sentence for each."""

    exit_status: ClassVar[int] = 2

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep the sentences; the text of the error is one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def refuse_many(scenario: Scenario) -> None:
    """Raise CannotExport for a scenario that is not one set of equations: single cells, chance, a sweep.

    A cohort that states no engine is none of that: one of its patients is asked for.
    """
    engine, replicates, origin = scenario.run.engine, scenario.run.replicates, scenario.origins.get("run.engine")
    if replicates == 1 and origin is not None and origin.kind == "default":
        engine = "ode"
    ask = "--set run.engine=ode --set run.replicates=1" + " --set run.lineages=false" * scenario.run.lineages
    expected = f"expected the equations behind it: {ask}"
    problems = []
    if engine == OF_CELLS:
        problems.append(f"run.engine: got {engine}, whose single cells no file of equations can hold; {expected}")
    elif engine in CHANCE:
        problems.append(f"run.engine: got {engine}, whose chance no file of equations can hold; {expected}")
    elif replicates > 1:
        problems.append(f"run.replicates: got {replicates}; expected 1: courses of equations are all the same")
    if scenario.sweep is not None:
        problems.append("sweep: got many scenarios; expected one of them, set by --set, without `sweep`")
    if problems:
        raise CannotExport(problems)


def refuse_unsayable(network: Network, one: Individual) -> None:
    """Raise CannotExport where the file would not mean what the network and the patient do."""
    problems = [*_units(network), *_laws(network), *_modes(network), *_values(network, one)]
    if problems:
        raise CannotExport(problems)


def refuse_read(network: Network, infused: Iterable[str]) -> None:
    """Raise CannotExport where more than the infusion itself reads its rate: that is in the table, not in the model."""
    inputs = set(infused)
    formulas = [(f"quantity {q.name!r}", q.terms if q.formula is None else q.formula) for q in network.quantities]
    formulas += [
        (f"reaction {reaction.name!r}", reaction.rate)
        for reaction in network.reactions
        if reaction.consumes or [count for _, count in reaction.produces] != [1.0]
    ]
    problems = [
        f"{where}: reads {row!r}, the rate of an infusion, which is in the table of doses; expected none but the "
        "inflow to read it"
        for where, formula in formulas
        for row in sorted(rows_read(formula) & inputs)
    ]
    if problems:
        raise CannotExport(problems)


def _units(network: Network) -> Iterator[str]:
    for name, ref in network.rows.items():
        try:
            parse(network.unit_of(ref))
        except ValueError as error:
            yield f"{name!r}: {error}; expected a unit of the model, for example cells/uL"


def _laws(network: Network) -> Iterator[str]:
    yield from report(network).problems
    for law in laws_of(network):
        try:
            refuse_unknown(formula_of_cell(law), f"law {law.name!r}")
        except CannotDerive as error:
            yield str(error)
        except TypeError:
            continue  # the report has said so


def _modes(network: Network) -> Iterator[str]:
    for mode in network.modes:
        for move in mode.transitions:
            if move.source == move.target:
                yield (
                    f"mode {mode.name!r}: got a transition from {move.source!r} to itself; expected another state: an "
                    "event of a file comes once when its trigger becomes true, and this one would come for ever"
                )


def _values(network: Network, one: Individual) -> Iterator[str]:
    for name, value in (*one.parameters.items(), *one.initial.items()):
        if not math.isfinite(value):
            yield f"patient {one.identifier}: {name!r}: got {value}; expected a finite number"
    for species in network.all_species:
        value = one.initial[species.name]
        if value < 0.0 and not species.signed:
            yield f"patient {one.identifier}: {species.name!r}: got {value}; expected a start of at least zero"
