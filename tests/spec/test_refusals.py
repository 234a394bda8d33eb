"""Input that is not a scenario at all, and input made to do harm: one clear report, quickly."""

import json
import os
import time
from pathlib import Path

import pytest

from carsim.errors import ScenarioError
from carsim.spec import load, loads
from carsim.spec.text import DEEPEST, LARGEST_FILE, MOST_VALUES, read

HEAD = "format: carsim/1\ntitle: t\npatient: {population: paediatric-rr-ball}\n"


def report(path: Path) -> str:
    with pytest.raises(ScenarioError) as refused:
        load(path)
    assert refused.value.exit_status == 2
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "1:1: got an empty file; expected a text file that begins with `format: carsim/1`"),
        (b"\x00\x01\x02", "1:1: got a NUL byte"),
        (b"format: carsim/1\ntitle: a\x00b\n", "2:9: got a NUL byte"),
        (b"format: carsim/1\ntitle: \xff\n", "2:8: got byte 0xff, which is not UTF-8"),
        (b"format: carsim/1\ntitle: a\x1b[31m\n", "2:9: got the control character U+001B"),
        (b"\x89PNG\r\n\x1a\n", "1:1: got byte 0x89"),
        (b"a" * (LARGEST_FILE + 1), f"expected at most {LARGEST_FILE} bytes (1 MiB)"),
    ],
)
def test_bytes_that_are_no_scenario(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    message = report(path)
    assert said in message
    assert len(message.splitlines()) == 1


def test_folder_missing_file_and_pipe(tmp_path: Path) -> None:
    assert "got a folder; expected a scenario file" in report(tmp_path)
    (tmp_path / "child.yaml").write_text("x")
    assert "did you mean" in report(tmp_path / "chld.yaml")
    os.mkfifo(tmp_path / "pipe")
    assert "something that is not a file" in report(tmp_path / "pipe")


def test_parent_behind_a_link_is_outside(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.yaml").write_text(HEAD)
    (tmp_path / "inside" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "inside" / "child.yaml").write_text("format: carsim/1\ntitle: t\nextends: link.yaml\n")
    assert "not inside the scenario's folder" in report(tmp_path / "inside" / "child.yaml")


def test_cycle_of_parents_and_text_without_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("format: carsim/1\ntitle: a\nextends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("format: carsim/1\ntitle: b\nextends: a.yaml\n")
    assert "b.yaml:3:10: extends: got `a.yaml`, which leads back" in report(tmp_path / "a.yaml")
    with pytest.raises(ScenarioError, match="not inside the scenario's folder"):
        loads("format: carsim/1\ntitle: a\nextends: b.yaml\n")


@pytest.mark.parametrize(
    "text",
    [
        "[" * (LARGEST_FILE - 1),
        "{" * (LARGEST_FILE - 1),
        "- " * (LARGEST_FILE // 2),
        "? " * (LARGEST_FILE // 2),
        "a: " + "9" * (LARGEST_FILE - 10),
        "- a\n" * (LARGEST_FILE // 4),
        "a: &a [" + "*a," * (LARGEST_FILE // 4) + "]",
        "a: !!python/object/apply:os.system ['true']\n" * 3,
    ],
    ids=["lists", "mappings", "entries", "keys", "integer", "values", "aliases", "tags"],
)
def test_hostile_text_is_refused_within_seconds(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ScenarioError):
        loads(text)
    assert time.perf_counter() - began < 5.0  # 0.1 to 0.6 s here; the margin is for slow machines


def test_limits_of_nesting_and_number_of_values() -> None:
    _, problems = read(b"[" * DEEPEST + b"]" * DEEPEST, "x")
    assert not problems
    _, problems = read(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "x")
    assert "nesting deeper than 32" in problems[0].got
    _, problems = read(b"- a\n" * MOST_VALUES, "x")
    assert "more than 20000 values" in problems[0].got


@pytest.mark.parametrize("code", ["__import__('os').abort()", "{{7*7}}", "${HOME}", "%(x)s", "lambda: 0", "1+1"])
def test_text_that_looks_like_code_stays_text(code: str) -> None:
    quoted = json.dumps(code)
    scenario = loads(f"format: carsim/1\ntitle: {quoted}\npatient: {{population: paediatric-rr-ball}}\n")
    assert scenario.title == code
    with pytest.raises(ScenarioError):
        loads(HEAD + f"run: {{until: {quoted}}}\n")
