"""The cast of one model: products, clones, sites, and the handles by which processes refer to one another.

`build` makes a Body and hands it to each process in turn; a process adds its rows and, where later ones need them,
leaves handles here. Parameter rows are named as a scenario names them (`memory_death.4-1BB`) and are created on first
use, from the catalogue's value or the scenario's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from carsim.model.handle import Ref
from carsim.model.network import Network

SITES = ("marrow", "blood")
PHENOTYPES = ("infused", "activated", "effector", "memory", "exhausted")
HEALTHY = "healthy-b-cell"  # the population of healthy B cells, among those that CAR T cells see and kill


@dataclass(frozen=True)
class Number:
    """Value, unit and origin of one parameter, as rows of a network carry them."""

    value: float
    unit: str
    meaning: str = ""
    source: str = ""


@dataclass(frozen=True)
class Density:
    """Log-normal number of antigen molecules per cell."""

    median: float
    log_sd: float


@dataclass(frozen=True)
class Arm:
    """One binder of a product: half of the full signal at `half_density` molecules per target cell."""

    antigen: str
    half_density: float
    steepness: float
    efficiency: float


@dataclass(frozen=True)
class Product:
    """A CAR T product: what it sees, how it signals, what its vector counts as in qPCR."""

    name: str
    costimulation: str
    arms: tuple[Arm, ...]
    vector_copies: float
    memory_share: float


@dataclass(frozen=True)
class Clone:
    """A leukaemic clone and the antigens it shows; an antigen that is not named is absent."""

    name: str
    antigens: Mapping[str, Density]


@dataclass(frozen=True)
class Lineage:
    """Which clones turn into which: by loss of an antigen at division, by dimming, and by recovery from it."""

    loss: tuple[tuple[str, str], ...]
    dimming: tuple[tuple[str, str], ...]


@dataclass
class Body:
    """Handles of the model under construction."""

    net: Network
    products: tuple[Product, ...]
    clones: tuple[Clone, ...]
    lineage: Lineage
    healthy: Mapping[str, Density]
    numbers: Mapping[str, Number]
    sources: Mapping[str, str]
    cart: dict[tuple[str, str, str], Ref] = field(default_factory=dict)
    blasts: dict[tuple[str, str], Ref] = field(default_factory=dict)
    bcells: dict[str, Ref] = field(default_factory=dict)
    cart_at: dict[str, Ref] = field(default_factory=dict)
    recognition: dict[tuple[str, str], Ref] = field(default_factory=dict)
    antigen: dict[tuple[str, str], Ref] = field(default_factory=dict)
    stimulation: dict[tuple[str, str], Ref] = field(default_factory=dict)
    drive: dict[str, Ref] = field(default_factory=dict)
    pressure: dict[tuple[str, str], Ref] = field(default_factory=dict)

    def p(self, name: str, key: str = "") -> Ref:
        """Row of a parameter, general or of one class: `p("memory_death", "4-1BB")`."""
        path = f"{name}.{key}" if key and f"{name}.{key}" in self.numbers else name
        if path in self.net.rows:
            return self.net.rows[path]
        number = self.numbers[path]
        return self.net.parameter(path, number.value, unit=number.unit, meaning=number.meaning, source=number.source)

    def state(self, name: str, value: float, *, unit: str = "1", meaning: str = "") -> Ref:
        """State a number of one product or clone as a parameter row, with its source."""
        return self.net.parameter(name, value, unit=unit, meaning=meaning, source=self.sources.get(name, ""))

    def row(self, name: str) -> Ref:
        """Row that an earlier process stated."""
        return self.net.rows[name]

    def product_sites(self) -> Iterator[tuple[Product, str]]:
        """Each product at each site."""
        return ((product, site) for product in self.products for site in SITES)

    def clone_sites(self) -> Iterator[tuple[Clone, str]]:
        """Each clone at each site."""
        return ((clone, site) for clone in self.clones for site in SITES)
