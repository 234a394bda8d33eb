"""What a calibration writes is what the catalogue reads."""

import csv
import dataclasses
import json
import tomllib

import numpy as np
import pytest

from carsim import catalog, spec
from carsim.calibrate import design
from carsim.calibrate.result import by_path
from carsim.catalog import calibrated
from carsim.catalog.draws import posterior
from carsim.catalog.load import CatalogError
from carsim.cli import main

from .invented import GROUPS, study

STUDY = f"""
format: carsim-study/1
title: Two systems
patients: 24
waves: 2
draws: 20
facts: [gc022-crs-any, dai-mrd-cr, dai-relapse, dai-crs-any, shalabi-cr, shalabi-crs-any]
between_trials: {{{", ".join(f"{group}: 0.5" for group in GROUPS)}}}
parameters:
  - {{name: killing, factor: kill_half, median: 1, low: 0.5, high: 2, held: true, because: A test.}}
  - {{name: unlike, spread: exhaustion, median: 0.3, low: 0.1, high: 0.8, held: true, because: A test.}}
"""


DRAWN = """
format: carsim/1
title: A draw
cohort: {population: paediatric-rr-ball, n: 2}
treatment: [{name: car, give: tisagenlecleucel, at: 0 d, dose: 1e8 cells}]
run: {until: 30 d}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("calibration")
    (out / "two.yaml").write_text(STUDY, encoding="utf-8")
    assert main(["calibrate", str(out / "two.yaml"), "--out", str(out / "out"), "--quiet"]) == 0
    return out


def test_everything_is_written(folder):
    names = {path.name for path in (folder / "out").iterdir()}
    assert names >= {
        "wave-1",
        "wave-2",
        "check",
        "posterior.toml",
        "posterior.csv",
        "calibration.json",
        "calibration.md",
    }
    assert {"calibration_parameters.png", "calibration_facts.png"} <= names
    page = (folder / "out" / "calibration.md").read_text(encoding="utf-8")
    assert "not for the treatment of any patient" in page
    assert all(f"]({name})" in page for name in names if name.endswith(".png"))


def test_values_are_those_of_the_draws_and_inside_the_priors(folder):
    values = tomllib.loads((folder / "out" / "posterior.toml").read_text(encoding="utf-8"))["values"]
    with (folder / "out" / "posterior.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert set(values) == set(rows[0]) == {"parameters.kill_half", "cohort.spreads.exhaustion"}
    assert len(rows) == 20
    stated = catalog.as_stated()["kill_half"].value
    for row in rows:
        assert 0.5 * stated <= float(row["parameters.kill_half"]) <= 2.0 * stated
        assert 0.1 <= float(row["cohort.spreads.exhaustion"]) <= 0.8
    spread = sorted(float(row["cohort.spreads.exhaustion"]) for row in rows)
    assert spread[0] < values["cohort.spreads.exhaustion"] < spread[-1]


def test_what_is_written_is_what_draws_are_read_from(folder):
    found = posterior(folder / "out")
    assert found.n == 20
    assert dict(zip(found.paths, found.units, strict=True))["parameters.kill_half"] == "cells/uL"
    scenario = spec.loads(DRAWN, [f"{path}={value}" for path, value in found.settings(3).items()])
    assert scenario.parameters["kill_half"] == found.values[3][found.paths.index("parameters.kill_half")]
    assert scenario.cohort.spreads["exhaustion"] == found.values[3][found.paths.index("cohort.spreads.exhaustion")]


def test_what_is_there_is_taken_up_again_and_gives_the_same(folder, monkeypatch, capsys):
    from carsim.calibrate import waves

    before = json.loads((folder / "out" / "calibration.json").read_text(encoding="utf-8"))
    monkeypatch.setattr(waves, "trial", lambda *given, **more: pytest.fail("simulated again"))
    assert main(["calibrate", str(folder / "two.yaml"), "--out", str(folder / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == before


def test_linear_algebra_shares_no_sum_among_threads(folder, monkeypatch):
    """Its last bits would follow from how many threads there are, and the draws from its last bits."""
    from threadpoolctl import threadpool_info, threadpool_limits

    from carsim.calibrate import conduct

    seen, real = [], conduct.learn

    def learn(*given):
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return real(*given)

    monkeypatch.setattr(conduct, "learn", learn)
    before = (folder / "out" / "posterior.csv").read_bytes()
    with threadpool_limits(2, user_api="blas"):
        assert main(["calibrate", str(folder / "two.yaml"), "--out", str(folder / "out"), "--quiet"]) == 0
    assert set(seen) == {1}
    assert (folder / "out" / "posterior.csv").read_bytes() == before


def test_a_wave_that_was_cut_off_is_simulated_anew(folder, monkeypatch):
    from carsim.calibrate import waves

    file = folder / "out" / "wave-1" / "dai.nc"
    kept, asked, real = file.read_bytes(), [], waves.trial
    file.write_bytes(kept[: len(kept) // 2])
    monkeypatch.setattr(waves, "trial", lambda *given, **more: asked.append(1) or real(*given, **more))
    before = (folder / "out" / "posterior.csv").read_bytes()
    assert main(["calibrate", str(folder / "two.yaml"), "--out", str(folder / "out"), "--quiet"]) == 0
    assert len(asked) == 1
    assert (folder / "out" / "posterior.csv").read_bytes() == before


def test_the_check_looks_at_every_fact(folder):
    found = json.loads((folder / "out" / "calibration.json").read_text(encoding="utf-8"))
    assert {one["id"] for one in found["check"]} == {one["id"] for one in found["facts"]}


def test_another_seed_is_another_study(folder, monkeypatch):
    from carsim.calibrate import waves

    class AskedError(Exception):
        pass

    def trial(*given, **more):
        raise AskedError

    monkeypatch.setattr(waves, "trial", trial)
    with pytest.raises(AskedError):
        main(["calibrate", str(folder / "two.yaml"), "--out", str(folder / "out"), "--seed", "2", "--quiet", "--debug"])


def test_paths_hold_every_class_and_the_catalogues_unit():
    one = study("kill_half", "exhaustion")
    found = by_path(one, np.array([[0.0, 0.0], [design.END, -design.END]]))
    assert found["parameters.kill_half"].tolist() == [250.0, 500.0]
    assert found["cohort.spreads.exhaustion"].tolist() == [0.4, 0.2]


def test_a_calibrated_value_stands_over_the_stated_one_and_says_so():
    stated = catalog.as_stated()["kill_half"]
    known = calibrated.Calibration("Trials", "2026-11-30", {"parameters.kill_half": 300.0})
    found = known.over("parameters.kill_half", stated)
    assert (found.value, found.grade, found.source) == (300.0, "calibrated", "carsim-calibration")
    assert f"{stated.value:g} before" in found.reason
    assert (
        dataclasses.replace(found, value=stated.value, grade=stated.grade, source=stated.source, reason=stated.reason)
        == stated
    )
    assert known.over("parameters.kill_max", stated) is stated


def test_a_calibrated_value_beyond_what_is_plausible_is_refused(monkeypatch):
    from carsim.catalog import load

    known = calibrated.Calibration("Trials", "2026-11-30", {"parameters.kill_half": 1e9})
    monkeypatch.setattr(load, "calibration", lambda: known)
    with pytest.raises(CatalogError, match="kill_half: value 1e\\+09 outside its range"):
        load.parameters.__wrapped__()


def test_the_shipped_values_are_those_of_the_catalogue():
    for path, value in catalog.calibration().values.items():
        if path.startswith(calibrated.PARAMETER):
            assert catalog.find_value(path.removeprefix(calibrated.PARAMETER)).value == value
        else:
            name = path.removeprefix(calibrated.SPREAD)
            assert {kind.variability[name].value for kind in catalog.populations().values()} == {value}
