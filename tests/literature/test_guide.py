"""The guide's tables say what is simulated today."""

from __future__ import annotations

from pathlib import Path

import pytest

from carsim import reproduce
from carsim.cli.chance import cells
from carsim.literature import models

GUIDE = Path(__file__).parents[2] / "docs" / "explain" / "literature.md"


def table(name: str) -> str:
    """The comparison of a model with its paper, as it stands in the guide."""
    lines = [
        "| check | published | reference | simulated | tolerance | agrees |",
        "| --- | --: | --: | --: | --: | --- |",
    ]
    for outcome in reproduce.compare(name):
        check, agrees = outcome.check, "yes" if outcome.agrees else "NO"
        simulated = f"{outcome.simulated:.6g}"
        cells = (check.text, check.published, check.reference, simulated, check.tolerance, agrees)
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines)


@pytest.mark.parametrize("name", [model.name for model in models()])
def test_the_table_of_the_guide_is_what_is_simulated(name: str) -> None:
    made = table(name)
    assert made in GUIDE.read_text(encoding="utf-8"), f"the table of {name} in {GUIDE.name} should be\n{made}"


def test_the_guide_has_every_statement_on_chance_as_it_is_simulated() -> None:
    lines = ["| statement | published | simulated | expected | agrees |", "| --- | --- | --- | --- | --- |"]
    for outcome in reproduce.compare_chance("kimmel2021"):
        lines.append(f"| {' | '.join([outcome.check.text, outcome.check.published, *cells(outcome)])} |")
    made = "\n".join(lines)
    assert made in GUIDE.read_text(encoding="utf-8"), f"the table of chance in {GUIDE.name} should be\n{made}"


@pytest.mark.parametrize("name", [model.name for model in models()])
def test_the_guide_names_every_parameter_set_and_the_paper(name: str) -> None:
    data = next(model.data for model in models() if model.name == name)
    section = GUIDE.read_text(encoding="utf-8").split(f"## {name}\n")[1].split("\n## ")[0]
    assert data.doi in section
    assert [key for key in data.sets if f"`{key}`" not in section and not key.startswith("patient-")] == []


def _level(value: float) -> str:
    return f"{value:.4g}" if value >= 1e-9 else "< 1e-9"


def every_set(name: str) -> str:
    """Peak and levels of all CAR T cells and of the tumour in every parameter set, as they stand in the guide."""
    data = next(model.data for model in models() if model.name == name)
    days = [f"{day:g}" for day in reproduce.SUMMARY_DAYS]
    lines = [f"| set | observable | peak | on day | {' | '.join(f'day {day}' for day in days)} |"]
    lines.append("| --- | --- |" + " --: |" * (2 + len(days)))
    for key in data.sets:
        for course in reproduce.courses(reproduce.run_literature(name, key)):
            if course.name not in ("cart", "tumour"):
                continue
            levels = [_level(course.values[day]) for day in reproduce.SUMMARY_DAYS]
            cells = [key, course.name, f"{course.peak:.4g}", f"{course.peak_day:.4g}", *levels]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["kirouac2023", "muellerschoell2021"])
def test_models_without_published_courses_report_every_parameter_set(name: str) -> None:
    made = every_set(name)
    assert made in GUIDE.read_text(encoding="utf-8"), f"the table of {name} in {GUIDE.name} should be\n{made}"
