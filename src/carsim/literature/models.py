"""The published models: the list of them, and how the network of one is made from its data and its statement.

Order of steps: values of the parameter set, with those over it; species and parameters of the network, by the data
file; reactions and quantities, by the model's own file. Laws of all models belong to carsim's one generated set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

from carsim.errors import CarsimError, nearest
from carsim.literature import (
    barros2021,
    hardiansyah2019,
    kimmel2021,
    kirouac2023,
    leon_triana2021,
    muellerschoell2021,
    stein2019,
)
from carsim.literature import laws as shared
from carsim.literature.load import Data, load
from carsim.literature.records import Change
from carsim.model.law import Law
from carsim.model.network import Network

Values = Mapping[str, float]


class UnknownModel(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """No published model, parameter set or parameter has this name; the text says which there are."""

    exit_status = 2


@dataclass(frozen=True)
class Model:
    """A published model: `state` adds its reactions to a network that holds its species and parameters.

    `changes` gives what happens at given times (doses, switches); `closed_forms` what follows from the numbers alone.
    """

    name: str
    state: Callable[[Network], None]
    changes: Callable[[Values], list[Change]]
    closed_forms: Callable[[Values], dict[str, float]]

    @property
    def data(self) -> Data:
        """Rows, parameter sets and checks."""
        return load(self.name)

    def values(self, parameter_set: str | None = None, over: Values | None = None) -> dict[str, float]:
        """Value of every row in a parameter set (default: the first), with those given over it."""
        data = self.data
        key = next(iter(data.sets)) if parameter_set is None else parameter_set
        _refuse_unknown(f"{self.name}: parameter set", key, data.sets)
        values = {name: row.values[key] for name, row in data.rows.items()}
        for name, value in (over or {}).items():
            _refuse_unknown(f"{self.name}: parameter", name, values)
            values[name] = float(value)
        return values

    def network(self, parameter_set: str | None = None, over: Values | None = None) -> Network:
        """The network with these values; sealed."""
        values, data = self.values(parameter_set, over), self.data
        net = Network(data.title)
        for name, row in data.rows.items():
            if row.role == "states":
                net.species(
                    name,
                    unit=row.unit,
                    kind=row.kind,
                    initial=values[name],
                    tolerance=row.tolerance,
                    meaning=row.meaning,
                )
        for name, row in data.rows.items():
            if row.role == "parameters":
                net.parameter(name, values[name], unit=row.unit, meaning=row.meaning, source=data.sources[row.source])
        self.state(net)
        return net.seal()


def _of(module: ModuleType) -> Model:
    return Model(
        module.__name__.rpartition(".")[2].replace("_", "-"), module.state, module.changes, module.closed_forms
    )


MODELS: tuple[Model, ...] = tuple(
    _of(module)
    for module in (
        stein2019,
        leon_triana2021,
        barros2021,
        kimmel2021,
        hardiansyah2019,
        kirouac2023,
        muellerschoell2021,
    )
)


def models() -> tuple[Model, ...]:
    """Every published model, in the order of the list."""
    return MODELS


def find(name: str) -> Model:
    """The model of this name; raises UnknownModel."""
    known = {model.name: model for model in MODELS}
    _refuse_unknown("literature", name, known)
    return known[name]


def laws() -> tuple[Law, ...]:
    """Every law of the published models that carsim's own model does not have, in order of statement."""
    return tuple(value for value in vars(shared).values() if isinstance(value, Law))


def _refuse_unknown(where: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        meant = nearest(name, known)
        hint = f"; did you mean {meant}?" if meant else ""
        raise UnknownModel(f"{where}: got {name}; expected one of {', '.join(known)}{hint}")
