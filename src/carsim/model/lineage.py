"""The clones of a model: those that a scenario lists, those that they can turn into, and which turns into which.

Only antigens that the treatment targets matter. For each of them, the main clone has a dim state as long as
`antigen_dimming` is above zero, and each clone that shows it turns into one without it as long as `antigen_loss` is:
from CD19 and CD22 follow CD19-negative, CD22-negative and double-negative cells. What can arise starts empty unless a
scenario lists it: a listed clone with the same antigens, or of the same name, takes the place of the one made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from carsim import catalog
from carsim.model import parts
from carsim.model.body import Clone, Density, Lineage, Number, Step

POSITIVE, NEGATIVE = "CD19-positive", "CD19-negative"
BOTH = ("CD19", "CD22")
DRUG_TARGETS = {"blinatumomab": "CD19", "inotuzumab": "CD22"}


def main_name(leukaemia: parts.Leukaemia) -> str:
    """Name of the main clone in results: by its CD19, which is what a relapse is named by."""
    return POSITIVE if "CD19" in shown(leukaemia.main) else NEGATIVE


def shown(clone: parts.MainClone) -> dict[str, Density]:
    """Antigens that a listed clone shows, with their densities."""
    return {name: Density(d.median, d.log_sd) for name, d in clone.antigens.items() if not d.absent}


def targeted(products: Sequence[parts.Product], given: frozenset[str]) -> tuple[str, ...]:
    """Antigens that a treatment acts on, in order of the alphabet; CD19 where it acts on none."""
    found = {antigen for product in products for antigen in product.arms}
    found |= {antigen for drug, antigen in DRUG_TARGETS.items() if drug in given}
    return tuple(sorted(found)) or ("CD19",)


def clones_of(
    leukaemia: parts.Leukaemia, targets: Sequence[str], numbers: Mapping[str, Number]
) -> tuple[tuple[Clone, ...], Lineage]:
    """Every clone of the model, the main one first, and their lineage."""
    main = main_name(leukaemia)
    listed = {main: leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    family = _Family(main, {name: Clone(name, shown(clone)) for name, clone in listed.items()})
    for antigen in targets:
        family.dim(antigen, can_arise=numbers[f"antigen_dimming.{antigen}"].value > 0.0)
    family.lose([antigen for antigen in targets if numbers[f"antigen_loss.{antigen}"].value > 0.0])
    lineage = Lineage(tuple(family.loss), tuple(family.dimming), family.founders)
    return tuple(family.clones.values()), lineage


@dataclass
class _Family:
    """The clones under construction, by name."""

    main: str
    clones: dict[str, Clone]
    loss: list[Step] = field(default_factory=list)
    dimming: list[Step] = field(default_factory=list)
    founders: dict[str, str] = field(default_factory=dict)

    def dim(self, antigen: str, *, can_arise: bool) -> None:
        """The dim state of the main clone in one antigen: the first listed clone that is one, or one made here."""
        bright, name = self.clones[self.main], f"{antigen}-dim"
        if antigen not in bright.antigens:
            return
        found = next((clone.name for clone in self.clones.values() if _is_dimmer(clone, bright, antigen)), None)
        dim = catalog.find_antigen(antigen).densities.get("dim-blasts")
        if found is None and can_arise and dim is not None and name not in self.clones:
            density = Density(dim.median.value, dim.log_sd.value)
            found = self._add(Clone(name, {**bright.antigens, antigen: density}), self.main)
        if found is not None:
            self.dimming.append(Step(self.main, antigen, found))

    def lose(self, antigens: Sequence[str]) -> None:
        """Every clone that can follow by loss of these antigens, one at a time, from those there are."""
        waiting = list(self.clones)
        for source in waiting:  # grows while it is worked through
            dims = {step.target for step in self.dimming}
            kept = self.clones[self.main if source in dims else source].antigens  # a daughter forgets a passing state
            for antigen in (antigen for antigen in antigens if antigen in kept):
                rest = {name: density for name, density in kept.items() if name != antigen}
                target = self._without(antigen, rest, source)
                if target is not None:
                    self.loss.append(Step(source, antigen, target))
                    waiting += [target] if target not in waiting else []

    def _without(self, antigen: str, rest: Mapping[str, Density], source: str) -> str | None:
        same = next((clone.name for clone in self.clones.values() if clone.antigens == rest), None)
        if same is not None:
            return same
        name = self._name(antigen, rest, source)
        if name in self.clones:
            return name if antigen not in self.clones[name].antigens and name != source else None
        return self._add(replace(self.clones[source], name=name, antigens=rest), self.founders.get(source, source))

    def _name(self, antigen: str, rest: Mapping[str, Density], source: str) -> str:
        """By what the clone lacks of the main one's antigens; of another listed clone by that clone's name too."""
        whole = self.clones[self.main].antigens
        if any(whole.get(name) != density for name, density in rest.items()):
            return f"{source}-{antigen}-negative"
        lost = tuple(sorted(set(whole) - set(rest)))
        return "double-negative" if lost == BOTH else f"{'-'.join(lost)}-negative"

    def _add(self, clone: Clone, founder: str) -> str:
        self.clones[clone.name], self.founders[clone.name] = clone, founder
        return clone.name


def _is_dimmer(clone: Clone, bright: Clone, antigen: str) -> bool:
    """Whether a clone differs from the main one by less of an antigen, and by nothing else."""
    density = clone.antigens.get(antigen)
    same = {**clone.antigens, antigen: bright.antigens[antigen]} == dict(bright.antigens)
    return density is not None and same and density.median < bright.antigens[antigen].median
