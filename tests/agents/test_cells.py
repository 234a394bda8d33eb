"""Single cells against closed forms: selection by what they show, inheritance, weights, lineages, clonotypes.

Statistical assertions follow `tests.chance.rules`: a false alarm in a million, and the effect that they find is stated.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.errors import ResourceRefused
from tests.agents.systems import MEDIAN, pure_birth, seen, shown
from tests.chance.comparisons import Continuous, Mean, Moments, SameWhole, Variance, Whole
from tests.chance.rules import check, must_fail

END = 4.0  # d
ALL = Options(threshold=np.inf)


def run(network, seed, replicates, options=ALL, times=(0.0, END)):
    return simulate(network, t=np.array(times), engine="agent", replicates=replicates, seed=seed, options=options)


def expected(log_sd, end=END):
    """Mean over standard normal scores of exp(-seen(z) end), by quadrature."""
    value, _ = integrate.quad(
        lambda z: np.exp(-seen(z, log_sd) * end) * stats.norm.pdf(z), -9, 9, epsabs=1e-12, limit=200
    )
    return value


@pytest.mark.parametrize("log_sd", [0.5, 1.0])
def test_each_cell_dies_at_the_hazard_of_what_it_shows(log_sd):
    """Of n cells a binomial number is left, each with the mean of exp(-hazard t); the averaged law leaves fewer."""
    cells, left = 50, expected(log_sd)
    averaged = np.exp(-integrate.quad(lambda z: seen(z, log_sd) * stats.norm.pdf(z), -9, 9)[0] * END)
    assert averaged < 0.95 * left

    def sample(seed, n):
        return run(shown(cells, log_sd), seed, n, replace(ALL, keep_cells=False)).of("cells")[:, -1]

    comparison = Whole(
        "",
        stats.binom(cells, left).pmf(np.arange(cells + 1)),
        other=stats.binom(cells, averaged).pmf(np.arange(cells + 1)),
    )
    check(f"selection/{log_sd}", sample, [comparison], n=2_000)
    must_fail(f"selection/{log_sd}", sample, [comparison], n=2_000)


def test_those_left_are_selected_for_low_density():
    """The density of survivors follows the law that killing has selected; the equations keep the one of the start."""
    log_sd = 1.0
    total = expected(log_sd)
    grid = np.linspace(-9, 9, 4001)
    weight = np.exp(-seen(grid, log_sd) * END) * stats.norm.pdf(grid) / total
    cumulative = integrate.cumulative_trapezoid(weight, grid, initial=0.0)

    def selected(density):
        return np.interp(np.log(np.asarray(density) / MEDIAN) / log_sd, grid, cumulative)

    def unselected(density):
        return stats.norm.cdf(np.log(np.asarray(density) / MEDIAN) / log_sd)

    def sample(seed, n):
        values = run(shown(4 * n, log_sd), seed, 1).individuals.values[:, 0]
        return values[:n]

    comparison = Continuous("", selected, other=unselected, grid=tuple(MEDIAN * np.exp(grid[::40])))
    check("selected density", sample, [comparison], n=2_000)
    must_fail("selected density", sample, [comparison], n=2_000)


def test_cells_that_are_alike_are_the_exact_engine_s():
    network = shown(40, 0.0, birth=0.3)

    def sample(seed, n):
        cells = run(network, seed, n, replace(ALL, keep_cells=False)).of("cells")[:, -1]
        exact = simulate(network, t=[0.0, END], engine="exact", replicates=n, seed=seed).of("cells")[:, -1]
        return {"agent": cells, "exact": exact}

    check("alike", sample, [SameWhole("agent", "exact")], n=4_000)


def test_the_mean_begins_as_the_averaged_law_says():
    """Before much is selected, cells die at the averaged recognition of the equations: the first hour, 1 %.

    In that hour selection spares 0.4 % of those whom the equations lose, four standard errors of the second stage: the
    law to compare with is the exact one, which is held to the equations' here.
    """
    network, cells, hour = shown(100_000, 1.0), 100_000, 1.0 / 24.0
    of_equations = simulate(network, t=[0.0, hour], engine="ode").of("cells")[0, -1]
    lost = cells * (1.0 - expected(1.0, hour))
    assert cells - of_equations == pytest.approx(lost, rel=0.005)

    def sample(seed, n):
        return cells - run(network, seed, n, replace(ALL, keep_cells=False), times=(0.0, hour)).of("cells")[:, -1]

    check("first hour", sample, [Mean("", Moments(lost, lost), other=Moments(1.01 * lost, lost))], n=200)


@pytest.mark.parametrize("heritability", [0.0, 0.7])
def test_inheritance_keeps_the_distribution_of_the_clone(heritability):
    """Where nothing selects, daughters' scores stay standard normal, whatever they keep of their mother's."""
    network = shown(40, 1.0, heritability, pressure=0.0, birth=1.0)

    def sample(seed, n):
        left = run(network, seed, n, times=(0.0, 3.0)).individuals
        youngest = np.searchsorted(left.course, np.arange(n), side="right") - 1  # one a course: independent
        assert (left.generation[youngest] >= 1).all()
        return np.log(left.values[youngest, 0] / MEDIAN)

    comparison = Continuous("", stats.norm.cdf, other=stats.norm(0.0, 1.5).cdf, grid=tuple(np.linspace(-4.0, 4.0, 81)))
    check(f"inheritance/{heritability}", sample, [comparison], n=1_000)


def test_daughters_resemble_their_mothers_as_much_as_they_inherit():
    """Of one division each daughter keeps rho of the mother's score, so the two daughters correlate with rho^2."""
    kept = 0.8

    def sample(seed, n):
        founders = 12 * n  # a quarter of them has two descendants after half a day
        left = run(shown(founders, 1.0, kept, pressure=0.0, birth=1.0), seed, 1, times=(0.0, 0.5)).individuals
        order = np.argsort(left.clonotype, kind="stable")
        sizes = np.bincount(left.clonotype, minlength=founders)[:founders]
        first = (np.cumsum(sizes) - sizes)[sizes == 2][:n]
        assert len(first) == n
        scores = np.log(left.values[order, 0] / MEDIAN)
        return scores[first] * scores[first + 1]

    moments, other = Moments(kept**2, 1.0 + kept**4), Moments(kept, 1.0 + kept**2)  # E[xy], Var[xy] of two normals
    check("resemblance", sample, [Mean("", moments, other=other)], n=4_000)
    must_fail("resemblance", sample, [Mean("", moments, other=other)], n=4_000)


def test_a_weight_keeps_the_mean_and_multiplies_the_variance():
    """Pure death of N cells of weight w: mean N p, variance w N p (1 - p)."""
    cells, weight, left = 1000, 10.0, np.exp(-0.5 * seen(0.0, 0.0) * 2.0)
    network = shown(cells, 0.0, pressure=1.0)
    time = 0.5 / seen(0.0, 0.0) * -np.log(left) * 2.0

    def sample(seed, n):
        options = Options(threshold=np.inf, weight=weight, keep_cells=False)
        return run(network, seed, n, options, times=(0.0, time)).of("cells")[:, -1]

    share = np.exp(-seen(0.0, 0.0) * time)
    law = stats.binom(cells / weight, share)
    mean, variance = weight * law.mean(), weight**2 * law.var()
    square = variance**2 * (2.0 + weight**4 * law.stats("k") * law.var() ** 2 / variance**2)
    check(
        "weight",
        sample,
        [
            Mean("", Moments(mean, variance), other=Moments(1.02 * mean, variance)),
            Variance("", mean, Moments(variance, square), other=(mean, Moments(variance / weight, square / weight**2))),
        ],
        n=2_000,
    )


def test_clonotypes_of_pure_birth_have_geometric_sizes():
    """A founder's descendants after time t: geometric with chance exp(-birth t)."""
    founders, rate, time = 200, 1.0, 2.0
    sizes = np.arange(0, 400)
    law, other = stats.geom(np.exp(-rate * time)).pmf(sizes), stats.geom(np.exp(-1.1 * rate * time)).pmf(sizes)

    def sample(seed, n):
        left = run(pure_birth(founders, rate), seed, -(-n // founders), times=(0.0, time)).individuals
        found = [np.bincount(left.clonotype[left.course == k], minlength=founders) for k in np.unique(left.course)]
        return np.concatenate([np.asarray(sizes_of[:founders]) for sizes_of in found])[:n]

    comparison = Whole("", law, other=other)
    check("clonotypes", sample, [comparison], n=4_000)
    must_fail("clonotypes", sample, [comparison], n=4_000)


def lineage(seed, leaves, replicates):
    """Parents by course, of a pure birth from one cell that stops at so many cells."""
    network = pure_birth(1, 1.0)
    times = (0.0, np.log(leaves) + 12.0)
    options = Options(threshold=np.inf, lineages=True, max_events=leaves - 1, max_lineages=4 * leaves)
    left = run(network, seed, replicates, options, times=times).individuals
    return [left.lineage_parent[left.lineage_course == k] for k in np.unique(left.lineage_course)]


def test_the_first_split_of_a_lineage_tree_is_uniform():
    """Of a pure birth with n leaves, the younger side of the first split has 1 to n - 1 of them, each as likely."""
    leaves = 12

    def sample(seed, n):
        sizes = []
        for parents in lineage(seed, leaves, n):
            assert len(parents) == leaves
            side = np.zeros(leaves, dtype=bool)
            side[1] = True  # the first daughter
            for cell in range(2, leaves):
                side[cell] = side[parents[cell]]
            sizes.append(int(side.sum()))
        return np.array(sizes, dtype=float)

    uniform = np.r_[0.0, np.full(leaves - 1, 1.0 / (leaves - 1))]
    binomial = stats.binom(leaves, 0.5).pmf(np.arange(leaves))
    comparison = Whole("", uniform, other=binomial / binomial.sum())
    check("first split", sample, [comparison], n=2_000)
    must_fail("first split", sample, [comparison], n=2_000)


def test_a_lineage_tree_has_the_known_number_of_cherries():
    """Leaves that are each other's nearest kin: n / 3 pairs, variance 2 n / 45 (McKenzie and Steel 2000)."""
    leaves = 30

    def sample(seed, n):
        counts = []
        for parents in lineage(seed, leaves, n):
            last = np.full(leaves, -1)  # youngest daughter: she and her mother are a cherry if she has none herself
            for cell in range(1, leaves):
                last[parents[cell]] = cell
            counts.append(sum(1 for cell in range(1, leaves) if last[cell] == -1 and last[parents[cell]] == cell))
        return np.array(counts, dtype=float)

    moments = Moments(leaves / 3.0, 2.0 * leaves / 45.0)
    comparison = Mean("", moments, other=Moments(leaves / 2.0, 2.0 * leaves / 45.0))
    check("cherries", sample, [comparison], n=500)
    must_fail("cherries", sample, [comparison], n=500)


def test_more_cells_than_fit_are_refused_with_the_estimate():
    with pytest.raises(ResourceRefused, match=r"3e\+06 single cells at the start, about 0\.2 GB.*[Uu]se the hybrid"):
        run(shown(3_000_000, 1.0), 1, 1)
    with pytest.raises(ResourceRefused, match="courses of up to 1e\\+12 single cells"):
        run(shown(10, 1.0), 1, 1, Options(threshold=np.inf, max_cells=10**12))


def test_a_patient_who_outgrows_the_room_is_reported_and_the_others_go_on():
    network = shown(8, 1.0, pressure=0.0, birth=1.0)
    done = run(network, 3, 40, Options(threshold=np.inf, max_cells=400), times=(0.0, 3.5))
    assert set(done.status.tolist()) == {int(Status.OK), int(Status.TOO_MANY_CELLS)}
    failed = int(np.flatnonzero(done.status == Status.TOO_MANY_CELLS)[0])
    assert "birth" in done.problem(failed)
    assert np.isnan(done.of("cells")[failed, -1])
    assert np.isfinite(done.of("cells")[done.status == Status.OK]).all()


def test_threads_and_other_courses_change_no_cell():
    network = shown(300, 1.0, 0.7, birth=0.5)
    many = run(network, 5, 6, replace(ALL, threads=2)).individuals
    few = run(network, 5, 3, replace(ALL, threads=1)).individuals
    for name in ("kind", "values", "generation", "clonotype", "identity"):
        mine = getattr(many, name)[many.course < 3]
        assert np.array_equal(mine, getattr(few, name), equal_nan=name == "values")


def test_without_traits_nothing_is_shown():
    left = run(pure_birth(5, 1.0), 1, 2).individuals
    assert left.traits == ()
    assert left.values.shape == (len(left.course), 0)
