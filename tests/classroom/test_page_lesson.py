"""The notebook of the lesson runs, and shows what the lesson says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..house.tree import ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "three_experiments.ipynb"


@pytest.mark.full
def test_the_three_experiments_run_and_show_what_the_lesson_says() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)  # noqa: S102  (a file of ours)
    days = names["days"]
    assert days == sorted(days)  # fewer negative cells, later relapse
    assert max(names["steps"]) < 1.3 * min(names["steps"])  # and each tenfold takes about as long
    lasts = {domain: names["value"](result, "cart_persistence_day") for domain, result in names["domains"].items()}
    assert lasts["CD28"] < 0.5 * lasts["4-1BB"]
    exposures = [names["value"](result, "cart_auc_0_28_copies") for result in names["rooms"].values()]
    assert exposures == sorted(exposures, reverse=True)  # less room, fewer CAR T cells in the first month


def test_the_notebook_carries_no_output() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs")] == []
