"""Resolving: parents, catalogue, overrides, origins, digest."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsim.catalog import find_population, find_product
from carsim.errors import ScenarioError
from carsim.spec import Scenario, json_schema, load, loads, starter
from carsim.spec.origins import value_at
from carsim.treatment.entries import Course, Infusion, Lymphodepletion

VALID = Path(__file__).parent / "valid"
SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def first() -> Scenario:
    return loads(starter())


def test_starter_is_a_complete_scenario(first: Scenario) -> None:
    assert first.unsupported() == []
    car = first.treatment[1]
    assert isinstance(car, Infusion)
    assert car.dose.per_weight == 3.1e6
    assert first.run.until == 365.25


def test_catalogue_fills_what_is_not_stated(first: Scenario) -> None:
    population, product = find_population("paediatric-rr-ball"), find_product("tisagenlecleucel")
    assert first.patient is not None
    assert first.patient.host_t_cells == population.covariates["host_t_cells"].median.value
    assert first.products[0].arms["CD19"].half_density == product.arms["CD19"].half_density.value
    assert str(first.origins["patient.host_t_cells"]).startswith("catalogue: paediatric-rr-ball")
    assert str(first.origins["patient.weight"]) == "file: text:8"
    assert str(first.origins["run.seed"]) == "default"


def test_parents_merge_by_key_and_by_name() -> None:
    child = load(VALID / "child.yaml")
    names = [entry.name for entry in child.treatment]
    assert names == ["ld", "car", "extra"]
    ld, car = child.treatment[0], child.treatment[1]
    assert type(ld).__name__ == "Cyclophosphamide"  # gives something else, so it replaces the parent's entry whole
    assert isinstance(car, Infusion)
    assert (car.give, car.dose.per_weight) == ("tisagenlecleucel", 1e6)
    negative, dim = child.leukaemia.clones
    assert (negative.cd19.absent, negative.fraction) == (True, 1e-6)
    assert (dim.cd19.median, dim.cd19.log_sd) == (1500.0, child.leukaemia.main.cd19.log_sd)
    assert child.origins["patient.weight"].detail.endswith("grandparent.yaml:3")


def test_null_takes_away_what_the_parent_stated() -> None:
    ld = load(SCENARIOS / "low_fludarabine_exposure.yaml").treatment[0]
    assert isinstance(ld, Lymphodepletion)
    assert ld.fludarabine.dose is None
    assert ld.fludarabine.target_auc == pytest.approx(8.0)
    assert ld.fludarabine.start == -6.0


def test_variants_inherit_from_variants() -> None:
    two, three = load(VALID / "every_treatment.yaml").products
    assert two.vector_copies == three.vector_copies == 2.0
    assert set(three.arms) == {"CD19"}
    assert three.extends == "cd19-22-tandem"
    assert three.memory_share == 0.1


def test_values_of_yaml_1_2() -> None:
    scenario = load(VALID / "yaml_meaning.yaml")
    assert (scenario.title, scenario.about) == ("no", "12:30")
    assert scenario.run.until == 100.0


def test_cohort_takes_distribution_or_one_value() -> None:
    cohort = load(VALID / "cohort_table.yaml").cohort
    assert cohort is not None
    assert (cohort.weight.median, cohort.weight.log_sd, cohort.weight.max) == (70.0, 0.0, None)
    assert cohort.age.median == 30.0
    assert cohort.age.log_sd == find_population("adult-rr-ball").covariates["age"].log_sd


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("treatment.car.dose=1e6 cells/kg", "treatment.car.dose.per_weight", 1e6),
        ("treatment.car.dose.per_weight=1e6 cells/kg", "treatment.car.dose.per_weight", 1e6),
        ("treatment.1.at=0 h", "treatment.car.at", 0.0),
        ("leukaemia.clones.CD19-negative.fraction=1 %", "leukaemia.clones.CD19-negative.fraction", 0.01),
        (
            "leukaemia.clones.CD19-negative.cd22.median=400 molecules",
            "leukaemia.clones.CD19-negative.cd22.median",
            400.0,
        ),
        ("parameters.memory_death.4-1BB=0.01 1/d", "parameters.memory_death.4-1BB", 0.01),
        ("products.tisagenlecleucel.vector_copies=2 copies", "products.tisagenlecleucel.vector_copies", 2.0),
        ("patient.population=adults", "patient.population", "adult-rr-ball"),
        ("treatment.ld.fludarabine.doses=3", "treatment.ld.fludarabine.doses", 3),
        ("run.until=24 months", "run.until", 730.5),
        ("run={until: 28 d, seed: 9}", "run.seed", 9),
    ],
)
def test_override(override: str, path: str, value: object) -> None:
    changed = loads(starter(), [override])
    assert value_at(changed, path) == value
    assert changed.origins[path].kind == "override"
    assert override.split("=")[0] in changed.origins[path].detail


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("treatmnt.car.dose=1e6 cells/kg", "did you mean `treatment.car.dose`"),
        ("treatment.cart.dose=1e6 cells/kg", "did you mean `treatment.car.dose`"),
        ("car.dose=1e6 cells/kg", "did you mean `treatment.car.dose`"),
        ("run.util=28 d", "did you mean `run.until`"),
        ("parameters.memory_deth.4-1BB=1 1/d", "did you mean `memory_death.4-1BB`"),
        ("treatment.car.dose=3e6", "--set:1:20: treatment.car.dose: got `3e6`, a number without a unit"),
        ("run.until=&x 3 d", "the anchor `&x`"),
        ("nonsense", "expected path=value"),
        ("=3", "expected path=value"),
        ("run.until=", None),
    ],
)
def test_wrong_override(override: str, said: str | None) -> None:
    if said is None:
        assert loads(starter(), [override]).run.until == 365.25  # taken away: the default
        return
    with pytest.raises(ScenarioError) as refused:
        loads(starter(), [override])
    assert said in str(refused.value)


def test_with_resolves_anew(first: Scenario) -> None:
    adult = first.with_(**{"patient.population": "adult-rr-ball", "run.seed": 5})
    assert adult.patient is not None
    assert first.patient is not None
    assert adult.patient.weight == first.patient.weight
    assert adult.patient.neutrophil_base == find_population("adult-rr-ball").covariates["neutrophil_base"].median.value
    assert adult.run.seed == 5
    assert first.run.seed == 1
    assert adult.with_(**{"patient.population": "paediatric-rr-ball", "run.seed": 1}) == first
    with pytest.raises(ScenarioError, match=r"run\.sed.*did you mean `run\.seed`"):
        first.with_(**{"run.sed": 5})


SAME = [
    ("marrow_blasts: 60 %  ", "marrow_blasts: 0.6"),
    ("at: 0 d", "at: 0 h"),
    ("until: 12 months", "until: 365.25 d"),
    ("tisagenlecleucel    ", "Kymriah"),
    ("population: paediatric-rr-ball", "population: children"),
    ("3.1e6 cells/kg", "3100000 cells/kg"),
    ("title: My first scenario", "title: Another title"),
    ("{dose: 30 mg/m^2, start: -6 d, doses: 4}", "{doses: 4, start: -144 h, dose: {per_surface: 0.03 g/m^2}}"),
    ("run:\n", "parameters: {memory_death.4-1BB: DEFAULT}\nrun:\n"),
]
OTHER = [
    ("marrow_blasts: 60 %", "marrow_blasts: 61 %"),
    ("doses: 4", "doses: 3"),
    ("tisagenlecleucel    ", "KTE-X19"),
    ("fraction: 1e-7", "fraction: 2e-7"),
    ("run:\n", "parameters: {memory_death.4-1BB: 0.5 1/d}\nrun:\n"),
    ("until: 12 months", "{until: 12 months, seed: 2}"),
]


def swapped(old: str, new: str) -> Scenario:
    from carsim.catalog import find_value

    assert old in starter()
    value = find_value("memory_death.4-1BB")
    return loads(starter().replace(old, new.replace("DEFAULT", f"{value.value!r} {value.unit}")))


@pytest.mark.parametrize(("old", "new"), SAME)
def test_equal_meaning_has_equal_digest(first: Scenario, old: str, new: str) -> None:
    assert swapped(old, new).digest == first.digest


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_other_meaning_has_other_digest(first: Scenario, old: str, new: str) -> None:
    assert swapped(old, new).digest != first.digest


def test_sweep_axes_mean_their_points() -> None:
    def digest(points: str) -> str:
        return loads(starter() + f"sweep: {{axes: [{{path: treatment.car.dose.per_weight, {points}}}]}}\n").digest

    assert digest("values: [1e6 cells/kg, 2e6 cells/kg]") == digest("values: [1000000 cells/kg, 2.0e6 cells/kg]")
    assert digest("values: [1e6 cells/kg, 2e6 cells/kg]") == digest("linear: [1e6 cells/kg, 2e6 cells/kg], n: 2")
    assert digest("values: [1e6 cells/kg, 2e6 cells/kg]") != digest("values: [2e6 cells/kg, 1e6 cells/kg]")


def test_points_include_both_ends() -> None:
    sweep = load(SCENARIOS / "format" / "complete_example.yaml").sweep
    assert sweep is not None
    points = sweep.axes[0].points()
    assert (len(points), points[0], points[-1]) == (20, 1e-9, 1e-4)


def test_unsupported_mechanisms_are_named() -> None:
    named = dict(load(SCENARIOS / "format" / "complete_example.yaml", ["run.draws=10"]).unsupported())
    assert named == {"run.draws": "draws of uncertain parameters (`carsim trial --draws`)"}
    assert load(SCENARIOS / "format" / "cd19_then_cd22.yaml").unsupported() == []
    assert load(SCENARIOS / "format" / "tandem_weak_cd22.yaml").unsupported() == []


def test_course_is_addressed_by_index() -> None:
    changed = load(SCENARIOS / "format" / "cd19_then_cd22.yaml", ["treatment.second.course.1.at=30 d"])
    second = changed.treatment[2]
    assert isinstance(second, Course)
    assert second.course[1].at == 30.0


def test_schema_describes_every_section() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == set(Scenario.model_fields) | {"extends"}
    assert schema["required"] == ["format", "title"]
    assert schema["additionalProperties"] is False
    for name, part in schema["$defs"].items():
        for key, value in part.get("properties", {}).items():
            assert key == "give" or value.get("description"), f"{name}.{key} has no description"


fractions = st.floats(0, 0.4).map(lambda value: round(value, 9))


@settings(max_examples=25, deadline=None)
@given(
    weight=st.floats(1, 400),
    dose=st.floats(0, 1e9),
    share=fractions,
    other=fractions,
    start=st.floats(-60, 0),
    seed=st.integers(0, 2**53),
    about=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40),
)
def test_any_scenario_survives_dump_and_load(
    weight: float, dose: float, share: float, other: float, start: float, seed: int, about: str
) -> None:
    from carsim.spec import dump

    made = loads(starter()).with_(
        **{
            "about": about,
            "patient.weight": f"{weight!r} kg",
            "treatment.car.dose": f"{dose!r} cells/kg",
            "treatment.ld.share": share,
            "treatment.ld.fludarabine.start": f"{start!r} d",
            "leukaemia.clones": [{"name": "a", "cd19": "absent", "fraction": share}, {"name": "b", "fraction": other}],
            "run.seed": seed,
        }
    )
    again = loads(dump(made))
    assert again == made
    assert again.digest == made.digest


def test_an_arm_is_the_scenario_with_its_values_and_its_number_of_patients() -> None:
    whole = load(SCENARIOS / "format" / "eliana_like_trial.yaml")
    arm = whole.arm("without-transplant")
    assert whole.cohort is not None
    assert arm.cohort is not None
    assert (whole.cohort.n, arm.cohort.n) == (75, 200)
    assert {entry.name: entry.share for entry in arm.treatment}["transplant"] == 0.0
    assert whole.arm("as-published").digest == whole.digest
    with pytest.raises(ValueError, match="did you mean 'as-published'"):
        whole.arm("as-publishd")
