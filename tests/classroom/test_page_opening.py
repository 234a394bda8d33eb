"""A scenario opens the page at its case, or is refused with what the page cannot hold."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from carsim import spec
from carsim.classroom.assemble import one_file
from carsim.classroom.opening import OutsideClassroom, opening
from carsim.classroom.presets import PRESETS

from ..house.tree import ROOT

SCENARIOS = ROOT / "scenarios"


def opened(name: str, *changes: str) -> dict[str, str]:
    link = opening(spec.load(SCENARIOS / f"{name}.yaml", changes), SCENARIOS)
    return {key: values[0] for key, values in parse_qs(link).items()}


def test_each_case_is_opened_by_the_scenario_that_it_follows() -> None:
    for preset in (PRESETS[0], PRESETS[4], PRESETS[-1]):
        assert opened(preset.follows) == {"preset": preset.name}


def test_what_a_class_can_turn_is_carried_over() -> None:
    changes = (
        "leukaemia.clones.CD19-negative.fraction=1e-9",
        "treatment.car.dose=1e6 cells/kg",
        "patient.marrow_blasts=5 %",
    )
    assert opened("antigen_escape", *changes) == {
        "preset": "eliana_child",  # with another fraction the same patient as the case of escape
        "negative_fraction": "1e-09",
        "dose": "1000000.0",
        "marrow_blasts": "0.05",
    }


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("antigen_escape", ("patient.weight=20 kg",), "patient.weight: got 20; the case has 39"),
        ("antigen_escape", ("treatment.car.dose=1e9 cells/kg",), "dose: got 1000000000.0; expected a number from"),
        ("isolated_cns_relapse", (), "leukaemia.sites.CNS"),
        ("systems/eliana", (), "got `cohort:`"),
    ],
)
def test_what_the_page_cannot_hold_is_named(name: str, changes: tuple[str, ...], said: str) -> None:
    with pytest.raises(OutsideClassroom) as refused:
        opened(name, *changes)
    assert said in str(refused.value)


def test_the_page_begins_with_what_it_is_opened_with(tmp_path: Path) -> None:
    assert '<html data-start="preset=transplant&amp;dose=2000000.0" lang="en">' in one_file(
        "preset=transplant&dose=2000000.0"
    )
