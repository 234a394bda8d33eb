"""The figure of a system puts what was published where it belongs, on what was simulated."""

import numpy as np
import pytest

from carsim import catalog
from carsim.plot.style import LOOKS
from carsim.plot.system import draw_system, of_system
from carsim.scorecard.score import Scored
from tests.plot.test_trials import PART, fated, texts
from tests.trial.hand_made import arm, tree_of


def scored(name, simulated):
    fact = catalog.facts()[name]
    assert fact.accept is not None
    agrees = fact.accept[0] <= simulated <= fact.accept[1]
    low, high = simulated - 5.0, simulated + 5.0
    return Scored(fact, simulated, low, high, agrees, None, None, (simulated,), (75,), np.array([simulated]), "")


FACTS = [
    scored("eliana-cr", 80.0),
    scored("eliana-icans-ge3", 70.0),
    scored("eliana-efs-12m", 55.0),
    scored("zuma3-os-median", 12.0),
    scored("zuma3-cr", 60.0),
]


@pytest.fixture(scope="module")
def figure():
    return draw_system(tree_of(PART, one=fated(), two=arm(4)), FACTS[:4])


def published(axes):
    """Where the markers of what was published stand."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axes.lines
        if line.get_color() == LOOKS[0].colour and line.get_marker() == LOOKS[0].marker
    ]


def test_a_published_share_stands_at_its_month_and_a_median_at_a_half(figure):
    efs, overall = figure.axes[:2]
    assert published(efs) == [(12.0, 0.5)]
    assert published(overall) == [(18.2, 0.5)]


def test_shares_stand_in_lines_of_their_own_and_what_is_not_accepted_is_marked(figure):
    axes = figure.axes[3]
    names = {label.get_text(): label.get_color() for label in axes.get_yticklabels()}
    assert set(names) == {"cr", "icans ge3"}
    assert names["cr"] != names["icans ge3"] == LOOKS[1].colour
    assert sorted(at for at, _ in published(axes)) == [13.0, 81.0]


def test_the_figure_says_what_it_is_not_for(figure):
    assert "not for the treatment of any patient" in texts(figure)


def test_a_system_without_published_numbers_is_drawn_and_says_so():
    assert "no share was published" in texts(draw_system(tree_of(PART, one=fated(), two=arm(4)), []))


def test_the_facts_of_a_system_are_those_read_off_it_alone():
    assert {one.fact.id for one in of_system("zuma3", FACTS)} == {"zuma3-os-median", "zuma3-cr"}
