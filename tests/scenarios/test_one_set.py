"""One compiled set of kernels serves every system, every shipped scenario and the published models."""

from pathlib import Path

import pytest

from carsim import spec
from carsim.dataset.assemble import claimed
from carsim.derive.keys import key_of
from carsim.derive.lower import lower
from carsim.engines import compiled
from carsim.engines.deterministic import WIDTH
from carsim.engines.kernels import generated_laws, solve
from carsim.model.build import build
from carsim.pipeline import run
from carsim.reproduce import run_literature
from carsim.spec.prepare import cast_of

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml")) + sorted((FOLDER / "systems").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_law_is_among_those_compiled_for_all(file):
    whole = spec.load(file)
    for stated in (whole, *(whole.arm(arm.name) for arm in (whole.trial.arms if whole.trial else ()))):
        network = build(stated.title, cast_of(stated))
        needed = dict(key_of(law) for law in lower(network, tuple(claimed(network.rows))).laws)
        assert needed
        assert {name: generated_laws.INDEX[name][1] for name in needed} == needed


def test_the_solver_is_compiled_for_one_form_of_tables():
    unlike = ("antigen_escape", "consolidative_transplant", "isolated_cns_relapse")
    for name in unlike:
        run(spec.load(FOLDER / f"{name}.yaml").with_(**{"run.until": "3 d"}))
    run_literature("stein2019", until=20.0)
    forms = [arguments for kernel, arguments in compiled._kernels if kernel is solve.solve]
    assert len([arguments for arguments in forms if len(arguments[0]) == WIDTH]) == 1
