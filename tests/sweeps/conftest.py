"""A store of the small sweep that nothing disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sweeps.small import driven, known


@pytest.fixture(scope="package")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("undisturbed") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("carsim.sweeps.worker.compute_block", known)
        driven(path)
    return path
