"""Figures of a trial show what a trial paper prints, whatever the trial lacks."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from carsim.plot.trial_overlay import draw_overlay
from carsim.plot.trials import KINDS
from tests.trial.hand_made import NONE, arm, tree_of

PART = "{report: [12 months], arms: [{name: one}, {name: two}], groups: [{name: transplanted, given: transplant}]}"


def fated() -> xr.Dataset:
    """A patient of each fate."""
    return arm(
        7,
        best_response=["CR"] * 6 + ["NR"],
        remission_day=[28.0] * 6 + [NONE],
        relapse_day=[NONE, 200.0, 300.0, 400.0, NONE, NONE, NONE],
        relapse_phenotype=["", "CD19-positive", "CD19-negative", "CD19-positive+CD19-negative", "", "", ""],
        relapse_site=["", "marrow", "CNS", "marrow", "", "", ""],
        rfs_cause=["", "relapse", "relapse", "relapse", "death", "", ""],
        rfs_day=[702.0, 172.0, 272.0, 372.0, 472.0, 702.0, NONE],
        rfs_zero=[28.0] * 6 + [NONE],
        death_day=[NONE, NONE, 350.0, NONE, 500.0, NONE, 90.0],
        new_therapy_day=[NONE, 250.0, NONE, NONE, NONE, NONE, 40.0],
        given_transplant=[60.0] + [NONE] * 6,
    )


def texts(figure: Figure) -> str:
    """Every text that the figure shows."""
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    found += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join(found)


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return tree_of(PART, one=fated(), two=arm(4))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "survival",
            ("Event-free survival", "Overall survival", "Duration of remission", "months from remission", "two"),
        ),
        ("groups", ("Arm one", "transplanted", "at risk in it from then on")),
        (
            "incidence",
            ("CD19-positive", "CD19-negative", "CD19-positive + CD19-negative", "death without relapse", "17 %"),
        ),
        ("swimmer", ("transplant", "new therapy", "death", "in remission", "no remission", "months from infusion")),
        ("waterfall", ("powers of ten", "7 patients", "other relapse", "death in remission")),
        ("kinetics", ("CAR T cells in blood", "Residual disease in marrow", "no remission (1)", "limit of qPCR")),
    ],
)
def test_everything_is_named(tree: xr.DataTree, kind: str, words: tuple[str, ...]) -> None:
    shown = texts(KINDS[kind](tree))
    for word in (*words, "Two arms by hand", "not for the treatment of any patient"):
        assert word in shown


def test_numbers_at_risk_stand_below_the_curves(tree: xr.DataTree) -> None:
    overall = KINDS["survival"](tree).axes[1]
    numbers = [text.get_text() for text in overall.texts]
    assert numbers[:1] == ["one"] or "7" in numbers
    assert {"7", "4"} <= set(numbers)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_without_anybody_is_drawn(kind: str) -> None:
    part = PART if kind == "groups" else "{report: [12 months]}"
    figure = KINDS[kind](tree_of(part, all=arm(3, status=np.full(3, 2, dtype=np.int8))))
    assert "no" in texts(figure)


def test_depth_is_the_least_disease_at_a_visit_while_alive() -> None:
    from carsim.plot.trial_page import arms_of
    from carsim.plot.trial_waterfall import depths

    data, patients = arms_of(tree_of("{report: [12 months]}", all=arm(2, death_day=[NONE, 20.0])))["all"]
    found = depths(data, patients, (28.0, 365.0))
    assert found[0] == pytest.approx(np.log10(1e-6 / 0.5), abs=1e-6)  # below the limit of sequencing
    assert np.isnan(found[1])


@pytest.mark.parametrize("strategies", [2, 9])
def test_strategies_lie_over_one_another(strategies: int) -> None:
    arms = ", ".join(f"{{name: way{number}}}" for number in range(strategies))
    made = tree_of(f"{{report: [12 months], arms: [{arms}]}}", **{f"way{at}": fated() for at in range(strategies)})
    figure = draw_overlay(made)
    shown = texts(figure)
    for words in ("Event-free survival", "CD19-negative relapse", "CAR T cells in blood", "way0", "way1", "same 7"):
        assert words in shown
    assert ("way8" in shown) is False
    assert len(figure.axes) == 6
