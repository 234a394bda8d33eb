"""Every law of carsim as a C++ function has the values of the law itself."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from carsim.derive.cplusplus import function_of
from carsim.derive.generate import laws

from .readers_mrgsolve import compiled


def test_each_law_has_its_own_values(tmp_path: Path) -> None:
    every = laws()
    parts = ["#include <cmath>"]
    for k, law in enumerate(every):
        parts.append(function_of(law, f"law_{k}", {slot: f"{slot}_" for slot in law.slots}))
        taken = ", ".join(f"x[{place}]" for place in range(len(law.slots)))
        parts.append(f'extern "C" double call_{k}(const double* x) {{ return law_{k}({taken}); }}')
    library = ctypes.CDLL(str(compiled("\n".join(parts), tmp_path)))
    draws = np.random.default_rng(7)
    assert any(law.trait for law in every)
    for k, law in enumerate(every):
        call = library[f"call_{k}"]
        call.restype = ctypes.c_double
        for values in draws.uniform(0.2, 3.0, (5, len(law.slots))):
            expected = law.evaluate(dict(zip(law.slots, values.tolist(), strict=True)))
            assert call(np.ctypeslib.as_ctypes(values)) == pytest.approx(float(expected), rel=1e-12), law.name
