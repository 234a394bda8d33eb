"""`carsim scorecard` on the smallest system: what is written, taken up again, printed and refused."""

import json

import pytest
import xarray as xr

from carsim.cli import main
from carsim.scorecard import blind, conduct, without


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("scorecard")
    assert main(["scorecard", "chop-p1", "--patients", "6", "--out", str(out), "--quiet"]) == 0
    return out


def test_everything_is_written(folder):
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"scorecard.json", "scorecard.html", "chop-p1.nc", "scorecard_response.png", "chop-p1.png"} <= names
    page = (folder / "scorecard.html").read_text(encoding="utf-8")
    assert "not for the treatment of any patient" in page
    assert 'src="scorecard_response.png"' in page
    assert "chop-p1" in page


def test_a_stored_trial_is_taken_up_again(folder, monkeypatch, capsys):
    monkeypatch.setattr(conduct, "trial", lambda *given, **more: pytest.fail("simulated again"))
    assert main(["scorecard", "chop-p1", "--patients", "6", "--out", str(folder), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"facts", "blind", "summary", "parameters_sha256"}
    of_system = [fact for fact in said["facts"] if fact["system"] == "chop-p1"]
    assert of_system
    assert all(fact["agrees"] in (True, False, None) for fact in said["facts"])
    assert said["parameters_sha256"] == conduct.parameters_sha256()


def test_the_table_names_every_fact(folder, capsys):
    assert main(["scorecard", "chop-p1", "--patients", "6", "--out", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "chop-p1-cr" in said
    assert "not for the treatment of any patient" in said


def test_other_patients_are_simulated_anew(folder, monkeypatch):
    asked = []
    real = conduct.trial
    monkeypatch.setattr(conduct, "trial", lambda *given, **more: asked.append(1) or real(*given, **more))
    assert main(["scorecard", "chop-p1", "--patients", "5", "--out", str(folder), "--quiet"]) == 0
    assert asked


def test_an_unknown_system_is_refused(tmp_path, capsys):
    assert main(["scorecard", "eliza", "--out", str(tmp_path)]) == 2
    assert "`eliza` is no system" in capsys.readouterr().err


def test_who_failed_is_named_and_the_rest_is_scored(folder, tmp_path, monkeypatch, capsys):
    tree = conduct.read_trial(folder / "trials" / "chop-p1.nc")
    arm, data = next((name, node.to_dataset()) for name, node in tree["arms"].children.items())
    ended = data.status.copy(data=[1, *data.status.values[1:]])
    tree[f"arms/{arm}"] = xr.DataTree(data.assign(status=ended))
    monkeypatch.setattr(conduct, "conduct", lambda *given, **more: tree)
    assert main(["scorecard", "chop-p1", "--patients", "6", "--out", str(tmp_path)]) == 3
    printed = capsys.readouterr()
    assert (
        f"carsim: 1 of {ended.size} patients of arm {arm} of chop-p1 failed:\n  patient {data.patient.values[0]}, day "
        in printed.err
    )
    assert "Research and teaching only" in printed.out


def test_predictions_are_written_once(folder, tmp_path, monkeypatch):
    tree = conduct.read_trial(folder / "trials" / "chop-p1.nc")
    sizes = {"children": 25, "adults": 5}
    sizes = {name: sizes.get(name, 10) for name in tree["arms"].children}
    first = blind.predict_once("chop-p1", tree, sizes, 1, tmp_path)
    found = json.loads(first.read_text(encoding="utf-8"))
    assert {one["arm"] for one in found["blind"]} == set(sizes)
    assert found["parameters_sha256"] == conduct.parameters_sha256()
    monkeypatch.setattr(blind, "predictions", lambda *given: pytest.fail("predicted again"))
    assert blind.predict_once("chop-p1", tree, sizes, 2, tmp_path) == first


def test_an_interval_of_predictions_is_that_of_the_size_of_the_system(folder):
    tree = conduct.read_trial(folder / "trials" / "chop-p1.nc")
    arm = next(iter(tree["arms"].children))
    spread = {}
    for n in (10, 1000):
        asked = dict.fromkeys(tree["arms"].children, n)
        said = next(one for one in blind.predictions("chop-p1", tree, asked, 1) if one["arm"] == arm)
        spread[n] = {name: one["high"] - one["low"] for name, one in said["endpoints"].items()}
    told = [name for name, width in spread[10].items() if width > 0.0]
    assert told
    assert not any(spread[1000][name] > spread[10][name] for name in told)


def test_a_switch_that_no_scenario_takes_is_refused_before_anything_is_simulated(tmp_path, monkeypatch, capsys):
    wrong = without.Switch("x", {"parameters.kill_maximum": "0 1/d"}, ("chop-p1",))
    monkeypatch.setattr(without, "switches", lambda found: {"x": wrong})
    monkeypatch.setattr(conduct, "trial", lambda *given, **more: pytest.fail("simulated"))
    assert main(["scorecard", "chop-p1", "--without-mechanisms", "--out", str(tmp_path)]) == 2
    assert "x: comparison.without.set: parameters.kill_maximum: got " in capsys.readouterr().err


def test_directions_are_told_with_and_without_their_mechanism(folder, capsys):
    """Of the smallest system: without killing no remission lasts, if one came."""
    asked = ["scorecard", "chop-p1", "--patients", "6", "--out", str(folder), "--without-mechanisms"]
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["without_mechanisms"]
    (one,) = said["directions"]
    assert (one["id"], one["set"]) == ("chop-p1-durable", {"parameters.kill_max": "0 1/d"})
    assert one["without"]["contrast"] == 0.0
    assert one["without"]["holds"] == 0.0
    assert said["totals"]["emergent"] == 1
    assert said["totals"][one["verdict"]] == 1
    assert "Without their mechanisms" in (folder / "scorecard.html").read_text(encoding="utf-8")
    assert (folder / "without" / "chop-p1-durable" / "chop-p1.nc").is_file()
