"""Correlated patients: the copula has the stated correlations, and says which pair is impossible."""

import numpy as np
import pytest

from carsim import catalog, spec
from carsim.errors import ScenarioError
from carsim.population.correlations import impossible, root
from carsim.population.draw import draw
from carsim.population.parts import COVARIATES

COHORT = "format: carsim/1\ntitle: cohort\ncohort: {{population: paediatric-rr-ball, n: {n}, correlations: {pairs}}}\n"
WIDE = {f"cohort.{name}.{end}": None for name in COVARIATES for end in ("min", "max")}


def cohort(pairs: str, n: int = 4000, **changes: object):
    return spec.loads(COHORT.format(n=n, pairs=pairs)).with_(**changes).cohort


def scores(values: np.ndarray) -> np.ndarray:
    return np.log(values)


def test_rows_multiply_to_the_stated_matrix() -> None:
    known, pairs = ("a", "b", "c", "d"), {("a", "b"): 0.5, ("b", "d"): -0.6}
    rows = root(known, pairs)
    made = np.zeros((4, 4))
    for at, row in enumerate(rows):
        made[at, : len(row)] = row
    expected = np.eye(4)
    for (first, second), value in pairs.items():
        expected[known.index(first), known.index(second)] = expected[known.index(second), known.index(first)] = value
    np.testing.assert_allclose(made @ made.T, expected, atol=1e-15)
    np.testing.assert_array_equal(made[2], [0.0, 0.0, 1.0, 0.0])


@pytest.mark.parametrize("value", [-0.9, 0.95])
def test_an_impossible_pair_is_named_with_what_it_could_be(value: float) -> None:
    pairs = {("a", "b"): 0.8, ("a", "c"): value, ("b", "c"): 0.1}
    found = impossible(("a", "b", "c"), pairs)
    assert found is not None
    assert found.limits is not None
    assert found.pair == ("a", "c")
    low, high = found.limits
    half = np.sqrt((1.0 - 0.8**2) * (1.0 - 0.1**2))  # a partial correlation of -1 and 1
    assert (low, high) == pytest.approx((0.08 - half, 0.08 + half))
    for end, possible in ((low, 1e-3), (high, -1e-3)):
        assert impossible(("a", "b", "c"), {**pairs, ("a", "c"): end + possible}) is None
        assert impossible(("a", "b", "c"), {**pairs, ("a", "c"): end - possible}) is not None


@pytest.mark.parametrize("population", catalog.populations())
def test_what_the_catalogue_states_is_possible_at_both_ends_of_each_range(population: str) -> None:
    record = catalog.find_population(population)
    known = (*COVARIATES, *record.variability)
    values = {(pair.first, pair.second): pair.value for pair in record.correlations}
    assert {name for pair in values for name in pair} <= set(known)
    middle = {pair: value.value for pair, value in values.items()}
    assert impossible(known, middle) is None
    for pair, value in values.items():
        if pair[0] not in COVARIATES or pair[1] not in COVARIATES:
            assert impossible(known, {**middle, pair: value.low}) is None
            assert impossible(known, {**middle, pair: value.high}) is None


def test_covariates_and_parameters_go_together_as_stated() -> None:
    pairs = "{host_t_cells: {kill_max: 0.7}, kill_max: {exhaustion: -0.5}}"
    drawn = draw(cohort(pairs, **WIDE), 3)
    values = {**drawn.covariates, **drawn.factors}
    for first, second, expected in (
        ("host_t_cells", "kill_max", 0.7),
        ("kill_max", "exhaustion", -0.5),
        ("host_t_cells", "exhaustion", 0.0),
        ("kill_max", "blast_birth", 0.0),
    ):
        found = np.corrcoef(scores(values[first]), scores(values[second]))[0, 1]
        assert found == pytest.approx(expected, abs=5.0 * (1.0 - expected**2) / np.sqrt(4000))
    spread = scores(drawn.factors["kill_max"]).std()
    assert spread == pytest.approx(0.4, abs=5.0 * 0.4 / np.sqrt(8000))


def test_who_is_not_correlated_keeps_every_number() -> None:
    """Other correlations change the later of two names, and nothing else, to the bit."""
    plain = draw(cohort("{}", 50), 7)
    other = draw(cohort("{engraftment: {kill_max: 0.9}}", 50), 7)
    for name, values in plain.covariates.items():
        np.testing.assert_array_equal(values, other.covariates[name])
    changed = {name for name in plain.factors if (plain.factors[name] != other.factors[name]).any()}
    assert changed == {"kill_max"}


def test_without_correlation_a_factor_is_its_own_stream() -> None:
    from carsim import rng

    drawn = draw(cohort("{}", 20), 7)
    spread = catalog.find_population("paediatric-rr-ball").variability["antigen_loss"].value
    np.testing.assert_array_equal(
        drawn.factors["antigen_loss"], np.exp(spread * rng.normals(7, "variability.antigen_loss", np.arange(20)))
    )


def test_covariates_of_a_table_lead_the_parameters(tmp_path) -> None:
    """Patients of a table who have many T cells get products like drawn patients who have as many."""
    (tmp_path / "t.csv").write_text("id,host_t_cells\n" + "".join(f"{k},{490 * 1.6 ** (k % 2)}\n" for k in range(2000)))
    text = COHORT.format(n=1, pairs="{host_t_cells: {kill_max: 0.8}}").replace("n: 1", "from: t.csv")
    logs = np.log(draw(spec.loads(text, folder=tmp_path, name="s.yaml").cohort, 3, tmp_path).factors["kill_max"])
    gain = logs[1::2].mean() - logs[::2].mean()
    expected = 0.4 * 0.8 * np.log(1.6) / 0.5
    assert gain == pytest.approx(expected, abs=5.0 * 0.4 * 0.6 * 2.0 / np.sqrt(2000))
    assert logs[::2].std() == pytest.approx(0.4 * 0.6, rel=0.1)  # what the covariate leaves open


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ("{age: {weight: -0.9}}", r"age\.body_surface: got 0\.87, which no patients can have beside age\.weight -0\.9"),
        ("{kill_maxx: {age: 0.1}}", "did you mean `kill_max`"),
        ("{age: {age: 0.1}}", "with itself"),
        ("{kill_max: {age: 0.1}, age: {kill_max: 0.2}}", "the pair a second time"),
        ("{age: {kill_max: 2}}", "at most 1"),
        ("0.3", "pairs of names"),
        ("{age: 0.3}", "pairs of names"),
    ],
)
def test_wrong_correlations_are_refused(pairs: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        cohort(pairs)


def test_order_of_names_does_not_matter() -> None:
    one, other = (
        spec.loads(COHORT.format(n=1, pairs=pairs)) for pairs in ("{kill_max: {age: 0.1}}", "{age: {kill_max: 0.1}}")
    )
    assert one.digest == other.digest
    assert one.cohort.correlations["age"]["kill_max"] == 0.1
    assert spec.loads(spec.dump(one)).digest == one.digest
