"""The cast of one model: products, clones, sites, and the handles by which processes refer to one another.

`build` makes a Body and hands it to each process in turn; a process adds its rows and, where later ones need them,
leaves handles here. Parameter rows are named as a scenario names them (`memory_death.4-1BB`) and are created on first
use, from the catalogue's value or the scenario's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from carsim.model.handle import Ref
from carsim.model.network import Network
from carsim.model.processes.kinetics import geometric_mean
from carsim.model.trigger import Trigger

BLOOD_AND_MARROW = ("marrow", "blood")  # the sites of every model; others where the scenario has disease there
PHENOTYPES = ("infused", "activated", "effector", "memory", "exhausted")
GRADED_ON: Mapping[str, str] = MappingProxyType({"crs": "astct-2019", "icans": "astct-2019"})
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
    """One binder of a product: half of the full signal at `half_density` molecules per target cell.

    `dwell` is the duration of one engagement relative to FMC63; `costimulation` the domain of the binder's own chain,
    None where the product has one chain.
    """

    antigen: str
    half_density: float
    steepness: float
    efficiency: float
    dwell: float = 1.0
    costimulation: str | None = None


@dataclass(frozen=True)
class Composition:
    """CD4:CD8 ratio of the infused cells: median, and standard deviation of its logarithm between patients."""

    median: float = 1.0
    log_sd: float = 0.0


@dataclass(frozen=True)
class Product:
    """A CAR T product: what it sees, how it signals, whose cells it is made of, what its vector counts as in qPCR."""

    name: str
    costimulation: str
    arms: tuple[Arm, ...]
    vector_copies: float
    memory_share: float
    binder_origin: str = "murine"
    donor: str = "autologous"
    cd4_to_cd8: Composition = Composition()

    @property
    def domains(self) -> tuple[str, ...]:
        """Costimulatory domains, each once: of the arms' own chains, else of the one chain."""
        words = [arm.costimulation or self.costimulation for arm in self.arms]
        return tuple(dict.fromkeys(domain for word in words for domain in word.split(" and ")))

    @property
    def foreignness(self) -> str:
        """Class of what the host's immune system answers to: a donor's cells, or the origin of the binder."""
        return self.donor if self.donor == "allogeneic" else self.binder_origin


@dataclass(frozen=True)
class Clone:
    """A leukaemic clone and the antigens it shows; an antigen that is not named is absent.

    `death_resistance` is the share of the killing hazard that fails. A clone with a `reversion` rate (1/d) is no clone
    of its own but a passing state of the main one.
    """

    name: str
    antigens: Mapping[str, Density]
    lineage: str = "B"
    death_resistance: float = 0.0
    reversion: float | None = None


@dataclass(frozen=True)
class Step:
    """One clone turns into another, by what happens to one antigen, or with none by a switch of lineage."""

    source: str
    antigen: str
    target: str

    @property
    def parameter(self) -> tuple[str, str]:
        """Share of the births by which a step of loss happens: name and class."""
        return ("antigen_loss", self.antigen) if self.antigen else ("lineage_switch", "")


@dataclass(frozen=True)
class Lineage:
    """Which clones turn into which: by loss at division, by dimming and recovery, and back from a passing state.

    `founders` names, for each clone that is not listed, the listed one whose rates and other antigens it has.
    """

    loss: tuple[Step, ...] = ()
    dimming: tuple[Step, ...] = ()
    reversion: tuple[Step, ...] = ()
    founders: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cast:
    """Who and what is in a model: everything that decides which rows it carries, and every number of them.

    `numbers` holds each parameter by scenario path; `sources` says where the numbers of single products and clones
    come from, by name of the row; `fractions` gives each clone's share of all blasts at the start. `given` names the
    drugs and procedures of the treatment, `triggers` its entries that wait for a condition, `targets` the antigens it
    acts on; `visits` the days on which patients are seen, `scales` the scale of each toxicity.
    """

    products: tuple[Product, ...]
    clones: tuple[Clone, ...]
    fractions: Mapping[str, float]
    lineage: Lineage
    healthy: Mapping[str, Density]
    numbers: Mapping[str, Number]
    sources: Mapping[str, str]
    targets: tuple[str, ...] = ("CD19",)
    sites: tuple[str, ...] = BLOOD_AND_MARROW
    given: frozenset[str] = frozenset()
    triggers: tuple[Trigger, ...] = ()
    visits: tuple[float, ...] = ()
    scales: Mapping[str, str] = field(default_factory=lambda: GRADED_ON)


@dataclass
class Body:
    """Handles of the model under construction."""

    net: Network
    cast: Cast
    cart: dict[tuple[str, str, str], Ref] = field(default_factory=dict)
    blasts: dict[tuple[str, str], Ref] = field(default_factory=dict)
    bcells: dict[str, Ref] = field(default_factory=dict)
    cart_at: dict[str, Ref] = field(default_factory=dict)
    recognition: dict[tuple[str, str], Ref] = field(default_factory=dict)
    antigen: dict[tuple[str, str], Ref] = field(default_factory=dict)
    stimulation: dict[tuple[str, str], Ref] = field(default_factory=dict)
    drive: dict[str, Ref] = field(default_factory=dict)
    division_factor: dict[str, Ref] = field(default_factory=dict)
    dwell: dict[str, Ref] = field(default_factory=dict)
    pressure: dict[tuple[str, str], Ref] = field(default_factory=dict)
    bystander: dict[str, tuple[Ref, Ref]] = field(default_factory=dict)

    @property
    def products(self) -> tuple[Product, ...]:
        """Products of the cast."""
        return self.cast.products

    @property
    def clones(self) -> tuple[Clone, ...]:
        """Clones of the cast."""
        return self.cast.clones

    @property
    def sites(self) -> tuple[str, ...]:
        """Sites of the cast."""
        return self.cast.sites

    @property
    def sites_around_blood(self) -> tuple[str, ...]:
        """Every site but blood, through which they exchange cells."""
        return tuple(site for site in self.cast.sites if site != "blood")

    def value(self, path: str) -> float:
        """Typical value of a parameter: what decides whether a mechanism is in the model at all."""
        return self.cast.numbers[path].value

    def uses(self, name: str) -> bool:
        """Whether a drug or procedure is anywhere in the treatment."""
        return name in self.cast.given

    def p(self, name: str, key: str = "") -> Ref:
        """Row of a parameter, general or of one class: `p("memory_death", "4-1BB")`."""
        path = f"{name}.{key}" if key and f"{name}.{key}" in self.cast.numbers else name
        if path in self.net.rows:
            return self.net.rows[path]
        number = self.cast.numbers[path]
        return self.net.parameter(path, number.value, unit=number.unit, meaning=number.meaning, source=number.source)

    def kinetic(self, product: Product, name: str) -> Ref:
        """Row of a parameter as the product's costimulation sets it: of its domain, or the geometric mean of two."""
        first, *others = dict.fromkeys(self.p(name, domain) for domain in product.domains)
        if not others:
            return first
        path = f"{name}.{product.name}"
        if path not in self.net.rows:
            mean = geometric_mean(first=first, second=others[0])
            meaning = f"{name} of {product.name}: geometric mean of its domains"
            self.net.quantity(path, mean, unit=self.net.unit_of(first), meaning=meaning)
        return self.net.rows[path]

    def state(self, name: str, value: float, *, unit: str = "1", meaning: str = "") -> Ref:
        """State a number of one product or clone as a parameter row, with its source."""
        return self.net.parameter(name, value, unit=unit, meaning=meaning, source=self.cast.sources.get(name, ""))

    def one_cell(self) -> Ref:
        """One cell: what keeps a share of cells defined where there are none."""
        found = self.net.rows.get("one_cell")
        return found or self.net.parameter("one_cell", 1.0, unit="cells", meaning="keeps a share of no cells defined")

    def row(self, name: str) -> Ref:
        """Row that an earlier process stated."""
        return self.net.rows[name]

    def product_sites(self) -> Iterator[tuple[Product, str]]:
        """Each product at each site."""
        return ((product, site) for product in self.products for site in self.sites)

    def clone_sites(self) -> Iterator[tuple[Clone, str]]:
        """Each clone at each site."""
        return ((clone, site) for clone in self.clones for site in self.sites)
