"""The self-test: sixty checks with names and limits, each of which can fail; its report; its exit status."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from carsim import catalog, rng, selftest
from carsim.cli import main
from carsim.selftest import catalogue, chance, events, numerics, report, stored, trials, vectors
from carsim.selftest.check import Check, Measure, Result, measures
from carsim.selftest.trials import CHECKS, EXAMPLES, Example, Said
from carsim.trials.estimators.estimate import Estimate

EVERY = [measure for module in (vectors, numerics, chance, events, stored, catalogue) for measure in module.MEASURES]


def of(found: list[Result]) -> dict[str, bool]:
    return {result.check.name: result.passed for result in found}


def test_there_are_sixty_checks_in_five_groups_and_three_trials() -> None:
    counts = {group: sum(len(measure.checks) for measure in of_group) for group, of_group in selftest.GROUPS.items()}
    assert list(counts) == ["numerics", "chance", "events", "store", "catalogue"]
    assert min(counts.values()) >= 10
    assert sum(counts.values()) == 60
    assert len(EXAMPLES) == 3


def test_each_check_says_what_it_compares_with_a_limit_and_a_name_of_its_own() -> None:
    checks = [check for measure in EVERY for check in measure.checks] + list(CHECKS)
    assert all(check.name and check.compares and check.limit >= 0.0 for check in checks)
    assert len({check.name for check in checks}) == len(checks)


def test_a_value_above_its_limit_no_number_and_an_error_fail() -> None:
    check = Check("one", "a against b", 1e-9)
    assert Result("g", check, 1e-9).passed
    assert not Result("g", check, 1.1e-9).passed
    assert not Result("g", check, math.nan).passed
    assert not Result("g", check, -math.inf).passed

    def broken() -> list[float]:
        raise ZeroDivisionError("by zero")

    (found,) = Measure("g", (check,), broken).conduct()
    assert (found.passed, found.problem) == (False, "ZeroDivisionError: by zero")
    (short,) = measures("g", check)(lambda: []).conduct()
    assert "got 0 values; expected 1" in short.problem


def test_another_generator_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rng, "ROUNDS", 9)
    assert not any(of(vectors.published.conduct()).values())


def test_other_compiled_streams_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled ones stay as they are; the package's own take another purpose."""
    assert all(of(vectors.compiled.conduct()).values())
    uniforms = rng.uniforms
    monkeypatch.setattr(rng, "uniforms", lambda seed, _, *rest, **more: uniforms(seed, "other", *rest, **more))
    assert of(vectors.compiled.conduct()) == {"compiled stream, vectors": True, "compiled stream, draws": False}


def test_shifted_draws_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    normals = rng.normals
    monkeypatch.setattr(rng, "normals", lambda *key, **more: 1.05 * normals(*key, **more) + 0.05)
    assert of(chance.draws.conduct()) == {
        "mean of uniform draws": True,
        "mean of normal draws": False,
        "variance of normal draws": False,
    }


def test_a_wrong_law_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "moments_of_birth_and_death", lambda *_: (18.0, 77.0))  # the mean is 16.6
    exact = chance.MEASURES[0].conduct()
    assert of(exact) == {"exact: mean": False, "exact: extinction": True}


def test_a_solver_that_is_off_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "amounts", lambda times, *_: np.ones((times.size, 2)))
    assert not any(of(numerics.compartments.conduct()).values())
    monkeypatch.setattr(numerics, "ROBERTSON", (0.7158280, 9.185534764557e-6, 0.2841637457458))
    assert of(numerics.stiff.conduct())["a stiff problem (Robertson)"] is False


def test_events_at_the_wrong_time_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PERIOD", events.PERIOD * (1.0 + 1e-8))
    assert not any(of(events.one_event.conduct() + events.repeated.conduct() + events.delayed.conduct()).values())


def test_an_incomplete_catalogue_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(of(catalogue.values.conduct()).values())
    found = list(catalogue.numbers())
    wrong = catalog.Value(2.0, "furlong", 0.0, 1.0, "guessed", "nobody", " ")
    monkeypatch.setattr(catalogue, "numbers", lambda: iter([*found, wrong]))
    assert [result.value for result in catalogue.values.conduct()] == [1.0] * 5
    monkeypatch.setattr(catalogue, "numbers", lambda: iter(()))
    assert not any(of(catalogue.values.conduct()).values())


def test_an_estimate_outside_its_interval_is_seen() -> None:
    assert trials._is_sound(Estimate(0.5, 0.2, 0.8))
    assert trials._is_sound(Estimate(300.0, 120.0, math.nan, "d"))
    assert trials._is_sound(Estimate.none("no patient"))
    assert not trials._is_sound(Estimate(0.9, 0.2, 0.8))
    assert not trials._is_sound(Estimate(1.2, 1.0, 1.4))
    assert not trials._is_sound(Estimate(math.nan, 0.0, 1.0))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A self-test of one check that passes and one that does not, and of no simulation."""
    good, bad = Check("good", "a against b", 1.0), Check("bad", "c | d", 1e-9, "cells")
    monkeypatch.setattr(report, "GROUPS", {"numerics": (Measure("numerics", (good, bad), lambda: [0.5, 2e-9]),)})
    monkeypatch.setattr(vectors, "MEASURES", (vectors.published,))

    def conducted(example: Example) -> tuple[list[Result], list[Said]]:
        return [], [Said(example.name, "all", 12, {"CR": Estimate(0.5, 0.25, 0.75)})]

    monkeypatch.setattr(trials, "conduct", conducted)


@pytest.mark.usefixtures("small")
def test_a_failed_check_gives_status_3_and_stands_first_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["selftest", "--out", str(tmp_path)]) == 3
    shown = capsys.readouterr()
    assert "4 of 5 checks passed" in shown.out
    assert "1 checks failed: numerics: bad" in shown.err
    page, data = sorted(tmp_path.glob("selftest-*"), key=lambda path: path.suffix, reverse=True)
    text = page.read_text(encoding="utf-8")
    assert text.index("## Failed") < text.index("## Random numbers") < text.index("## Numerics")
    assert "| numerics: bad | c \\| d | 2e-09 cells | 1e-09 cells | **NO** |" in text
    assert "0.50 (0.25 to 0.75)" in text
    found = json.loads(data.read_text(encoding="utf-8"))
    assert (found["passed"], len(found["checks"]), found["trials"][0]["estimates"]["CR"]["low"]) == (False, 5, 0.25)
    assert page.stem == data.stem
    assert page.stem.startswith("selftest-20")


@pytest.mark.usefixtures("small")
def test_json_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--json", "--quiet"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in found["checks"] if not check["passed"]] == ["bad"]
    assert found["packages"]["numpy"]


@pytest.mark.full
def test_everything_passes() -> None:
    found = report.conduct()
    assert [(result.group, result.check.name, result.value, result.problem) for result in found.failed] == []
    assert len(found.said) == 7
