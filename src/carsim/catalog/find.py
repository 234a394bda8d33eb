"""Look records up by name or alias; a miss names the nearest record."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from carsim.catalog.load import antigens, parameters, populations, products, sources
from carsim.errors import CarsimError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsim.catalog.records import Antigen, Parameter, Population, Product, Source, Value

Record = TypeVar("Record")


class Unknown(CarsimError):  # noqa: N818  (reads as what it says: an unknown product)
    """No record of this kind has this name; `suggestion` is the nearest name, or None."""

    exit_status: ClassVar[int] = 2

    def __init__(self, kind: str, name: str, valid: tuple[str, ...]) -> None:
        """Keep kind, name, the valid names and the nearest of them."""
        self.kind, self.name, self.valid = kind, name, valid
        self.suggestion = nearest(name, valid)
        tail = f"; did you mean `{self.suggestion}`" if self.suggestion else f"; known: {', '.join(sorted(valid))}"
        super().__init__(f"no {kind} is called `{name}`{tail}")


def find_product(name: str) -> Product:
    """Return the product with this name or alias (letter case, `-`, `_` and blanks do not count)."""
    return _find("product", name, products(), {a: p.name for p in products().values() for a in p.aliases})


def find_population(name: str) -> Population:
    """Return the population with this name or alias (letter case, `-`, `_` and blanks do not count)."""
    return _find("population", name, populations(), {a: p.name for p in populations().values() for a in p.aliases})


def find_parameter(name: str) -> Parameter:
    """Return the parameter with this name, without its class: `memory_death`."""
    return _find("parameter", name, parameters(), {})


def find_value(path: str) -> Value:
    """Return the value of a parameter by scenario path: `cart_homing`, `memory_death.4-1BB`."""
    values = {key: value for parameter in parameters().values() for key, value in parameter.paths().items()}
    if path in values:
        return values[path]
    raise Unknown("parameter", path, tuple(values))


def find_antigen(name: str) -> Antigen:
    """Return the antigen with this name."""
    return _find("antigen", name, antigens(), {})


def find_source(key: str) -> Source:
    """Return the source with this key."""
    return _find("source", key, sources(), {})


def _find(kind: str, name: str, records: Mapping[str, Record], aliases: Mapping[str, str]) -> Record:
    if name in records:
        return records[name]
    names = {**{key: key for key in records}, **aliases}
    for candidate, key in names.items():
        if _plain(candidate) == _plain(name):
            return records[key]
    raise Unknown(kind, name, tuple(names))


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-")
