"""The clones of a model: those that a scenario lists, those that they can turn into, and which turns into which.

Only antigens that the treatment targets matter. For each of them, the main clone has a dim state as long as
`antigen_dimming` (or `trogocytosis`) is above zero, and each clone that shows it turns into one without it as long as
`antigen_loss` is: from CD19 and CD22 follow CD19-negative, CD22-negative and double-negative cells. Where a patient may
have rearranged KMT2A, or `lineage_switch` is stated, each clone can turn into a myeloid one that shows nothing. What
can arise starts empty unless a scenario lists it: a listed clone with the same antigens, or of the same name, takes the
place of the one made here. A listed clone with a rate of `reversion` is a passing state of the main clone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from carsim import catalog
from carsim.model import parts
from carsim.model.body import Clone, Density, Lineage, Number, Step
from carsim.model.phenotype import without

POSITIVE, NEGATIVE = "CD19-positive", "CD19-negative"
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
    leukaemia: parts.Leukaemia, targets: Sequence[str], numbers: Mapping[str, Number], *, may_switch: bool
) -> tuple[tuple[Clone, ...], Lineage]:
    """Every clone of the model, the main one first, and their lineage; `may_switch`: to the myeloid lineage."""
    main = main_name(leukaemia)
    stated = {main: Clone(main, shown(leukaemia.main))} | {
        clone.name: Clone(clone.name, shown(clone), clone.lineage, clone.death_resistance, clone.reversion)
        for clone in leukaemia.clones
    }
    family = _Family(main, stated)
    for antigen in targets:
        rates = (numbers[f"antigen_dimming.{antigen}"].value, numbers["trogocytosis"].value)
        family.dim(antigen, can_arise=max(rates) > 0.0)
    family.lose([antigen for antigen in targets if numbers[f"antigen_loss.{antigen}"].value > 0.0])
    if numbers["lineage_switch"].value > 0.0:
        family.switch(can_arise=may_switch)
    states = tuple(Step(clone.name, "", main) for clone in stated.values() if clone.reversion is not None)
    lineage = Lineage(tuple(family.loss), tuple(family.dimming), states, family.founders)
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
        dimmer = [clone for clone in self.clones.values() if _is_dimmer(clone, bright, antigen)]
        if any(clone.reversion is not None for clone in dimmer):
            return  # a listed dim state comes and goes at rates of its own
        found = dimmer[0].name if dimmer else None
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
            base = self.clones[self.main if self._passing(source) else source]  # a daughter forgets a passing state
            for antigen in (antigen for antigen in antigens if antigen in base.antigens):
                rest = {name: density for name, density in base.antigens.items() if name != antigen}
                target = self._without(antigen, rest, base)
                if target is not None:
                    self.loss.append(Step(source, antigen, target))
                    waiting += [target] if target not in waiting else []

    def switch(self, *, can_arise: bool) -> None:
        """From every clone of the B lineage to a myeloid one: the first that is listed, or one made here."""
        name = "lineage-switch"
        found = next((clone.name for clone in self.clones.values() if clone.lineage == "myeloid"), None)
        sources = [clone.name for clone in self.clones.values() if clone.lineage == "B"]
        if found is None and can_arise and name not in self.clones:
            found = self._add(Clone(name, {}, "myeloid"), self.main)
        if found is not None:
            self.loss += [Step(source, "", found) for source in sources]

    def _passing(self, name: str) -> bool:
        return self.clones[name].reversion is not None or any(step.target == name for step in self.dimming)

    def _without(self, antigen: str, rest: Mapping[str, Density], base: Clone) -> str | None:
        """Clone that has the antigens of `base` but one; None where its name is taken by something else."""
        lasting = [clone for clone in self.clones.values() if not self._passing(clone.name)]
        same = (clone for clone in lasting if clone.antigens == rest and clone.lineage == base.lineage)
        found = next((clone.name for clone in same if clone.death_resistance == base.death_resistance), None)
        if found is not None:
            return found
        name = self._name(antigen, rest, base.name)
        if name in self.clones:
            return name if antigen not in self.clones[name].antigens and not self._passing(name) else None
        return self._add(replace(base, name=name, antigens=rest), self.founders.get(base.name, base.name))

    def _name(self, antigen: str, rest: Mapping[str, Density], base: str) -> str:
        """By what the clone lacks of the main one's antigens; of another kind of clone by that one's name too."""
        main = self.clones[self.main]
        whole, other = main.antigens, self.clones[base]
        alike = (other.lineage, other.death_resistance) == (main.lineage, main.death_resistance)
        if not alike or any(whole.get(name) != density for name, density in rest.items()):
            return f"{base}-{antigen}-negative"
        return without(sorted(set(whole) - set(rest)))

    def _add(self, clone: Clone, founder: str) -> str:
        self.clones[clone.name], self.founders[clone.name] = clone, founder
        return clone.name


def _is_dimmer(clone: Clone, bright: Clone, antigen: str) -> bool:
    """Whether a clone differs from the main one by less of an antigen, and by nothing else."""
    density = clone.antigens.get(antigen)
    same = {**clone.antigens, antigen: bright.antigens[antigen]} == dict(bright.antigens)
    return density is not None and same and density.median < bright.antigens[antigen].median
