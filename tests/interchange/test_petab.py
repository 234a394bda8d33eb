"""`carsim export petab`: the PEtab library finds nothing wrong, and another solver has the same objective in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import carsim
from carsim.cli import main
from carsim.dataset.measured import read_measured
from carsim.individual.effects import Person
from carsim.interchange.identifiers import name_of

from .readers import of_petab, run_petab

SCENARIO = str(Path(__file__).parents[2] / "scenarios" / "tisagenlecleucel_child.yaml")
MEASURED = "id,day,variable,value\n" + "".join(
    f"P01,{day},{variable},{value}\n"
    for day, variable, value in (
        (4, "cart_copies", 300),
        (9, "cart_copies", 30000),
        (28, "cart_copies", 900),
        (90, "cart_copies", 250),
        (14, "leucocytes", 900),
        (28, "host_t_cells", 480),
        (7, "mrd_sequencing", 0.2),
        (14, "mrd", 0.01),
    )
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("petab")
    (made / "my_data.csv").write_text(MEASURED, encoding="utf-8")
    assert main(["export", "petab", SCENARIO, str(made / "my_data.csv"), str(made / "fit"), "--quiet"]) == 0
    return made


def test_the_petab_library_finds_nothing_wrong(folder: Path) -> None:
    problem, faulty = of_petab(folder / "fit" / "problem.yaml")
    assert not faulty
    assert {"_factor_kill_max", "_factor_memory_formation"} <= set(problem.x_ids)
    assert len(problem.measurement_df) == 8


@pytest.mark.parametrize("moved", [0, 1])
def test_another_solver_finds_the_same_objective(moved: int, folder: Path) -> None:
    """At the middle of the population, and with every factor off it: sum of squares of both, in units of the noise."""
    scenario, table = carsim.load(SCENARIO), read_measured(folder / "my_data.csv")
    problem, _ = of_petab(folder / "fit" / "problem.yaml")
    names = [name_of(identifier.removeprefix("_factor_")) for identifier in problem.x_ids]
    person = Person.of(scenario, table)
    scores = np.array([0.4 * moved * (-1.0) ** place * (name in names) for place, name in enumerate(person.names)])
    spread = dict(zip(person.names, person.log_sd * scores, strict=True))
    factors = {f: float(np.exp(spread[name])) for f, name in zip(problem.x_ids, names, strict=True)}
    assert len(set(factors.values())) > moved
    own = (np.log(table.value) - person.expected(scores[None])[0]) / table.log_sd
    likelihood = -np.sum(0.5 * own**2 + np.log(table.log_sd * table.value * np.sqrt(2.0 * np.pi)))
    found = run_petab(problem, folder / "fit" / "model.xml", factors)
    assert found == pytest.approx(likelihood, rel=1e-4)  # carsim's fits have a relative tolerance of 1e-6


def test_priors_are_the_spread_of_the_population(folder: Path) -> None:
    table = pd.read_csv(folder / "fit" / "parameters.tsv", sep="\t")
    person = Person.of(carsim.load(SCENARIO), read_measured(folder / "my_data.csv"))
    spread = dict(zip(person.names, person.log_sd, strict=True))
    for _, row in table.iterrows():
        mean, deviation = map(float, row["objectivePriorParameters"].split(";"))
        assert (mean, deviation) == (0.0, spread[name_of(row["parameterId"].removeprefix("_factor_"))])
        assert row["lowerBound"] < 1.0 < row["upperBound"]


def test_values_below_a_limit_chance_and_other_folders_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below, fit = tmp_path / "below.csv", tmp_path / "fit"
    below.write_text(MEASURED + "P01,180,cart_copies,1\n", encoding="utf-8")
    assert main(["export", "petab", SCENARIO, str(below), str(fit)]) == 2
    assert "below.csv: got 1 values below a limit; expected none" in capsys.readouterr().err
    data = str(folder / "my_data.csv")
    assert main(["export", "petab", SCENARIO, data, str(fit), "--set", "run.engine=hybrid"]) == 2
    assert "run.engine: got `hybrid`; expected engine: ode" in capsys.readouterr().err
    fit.mkdir()
    (fit / "letter.txt").write_text("mine", encoding="utf-8")
    assert main(["export", "petab", SCENARIO, data, str(fit), "--force"]) == 2
    assert "holds other files" in capsys.readouterr().err
