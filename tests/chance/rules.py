"""The rule by which samples of chance are judged: when to raise an alarm, and what the alarm can find.

An assertion (`check`) has a false-alarm rate of 1e-6. It goes in two stages: n courses are compared at level 1e-3, and
only on an alarm are 4 n courses of a fresh seed compared at level 1e-3 again. The stages share no draw, so both alarm
by chance once in a million. Within a stage the level is divided by the number of comparisons (Bonferroni): times,
species and kinds of comparison may depend on one another as they like. Seeds are SHA-256 of the assertion's name and
stage; nobody chooses one.

    check("birth-death/exact", sample, [Whole("cells", pmf, other=pmf_of_ten_per_cent_more)], n=1000)

`sample(seed, n)` gives n independent values: one array, or a mapping of names to arrays. A comparison gives a
p-value; they are in `comparisons`.

The effect that a test can find is stated by `other`: the law from which it is to be told. `check` computes the
probability that both stages find it, and fails where that is below 0.99, so the statement can be wrong. `must_fail` is
the negative control: the sample is compared with `other`, and this must raise; it demands that chance lets it pass at
most once in a million, as a negative control is an assertion as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from .comparisons import Comparison, Floats

Sample = Callable[[int, int], Any]

STAGE_LEVEL = 1e-3
SECOND_STAGE = 4  # times the courses of the first
FINDS = 0.99
SURELY_FINDS = 1.0 - 1e-6


def seed_of(name: str, stage: int = 1) -> int:
    """The 64-bit seed of a stage of an assertion: it follows from the name alone."""
    return int.from_bytes(hashlib.sha256(f"{name}/stage {stage}".encode()).digest()[:8], "big")


def check(name: str, sample: Sample, comparisons: Sequence[Comparison], n: int, finds: float = FINDS) -> None:
    """Assert that a sample agrees with all comparisons, and that it would tell the laws stated as `other`."""
    found = power(comparisons, n)
    assert found is None or found >= finds, f"{name}: would find the stated effect with probability {found:.6f} only"
    text = verdict(name, sample, comparisons, n)
    assert not text, text


def must_fail(name: str, sample: Sample, comparisons: Sequence[Comparison], n: int) -> None:
    """Assert that the same sample does not pass for one of the `other` laws: the negative control of a `check`."""
    swapped = [comparison.swapped() for comparison in comparisons if comparison.stated]
    assert swapped, f"{name}: no comparison states another law"
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check(name, sample, swapped, n, finds=SURELY_FINDS)


def verdict(
    name: str, sample: Sample, comparisons: Sequence[Comparison], n: int, stage_level: float = STAGE_LEVEL
) -> str:
    """What is wrong with a sample after at most two stages; empty where nothing is."""
    lines = [f"{name}: alarm in both stages (level {stage_level:g} for {len(comparisons)} comparisons)"]
    for stage, size in ((1, n), (2, SECOND_STAGE * n)):
        seed = seed_of(name, stage)
        data = sample(seed, size)
        p_values = [comparison.p_value(_column(data, comparison.keys)) for comparison in comparisons]
        least = min(p_values)
        if not least * len(comparisons) < stage_level:  # a p-value that is not a number would pass: see `_column`
            return ""
        for p_value, comparison in sorted(zip(p_values, comparisons, strict=True), key=lambda pair: pair[0])[:3]:
            lines.append(f"  stage {stage}, n={size}, seed={seed}: {comparison.label()}: p = {p_value:.3g}")
            lines.append(f"    {comparison.seen(_column(data, comparison.keys))}")
    return "\n".join(lines)


def power(comparisons: Sequence[Comparison], n: int, stage_level: float = STAGE_LEVEL) -> float | None:
    """Probability that both stages find the stated effect, by the best of the comparisons; None where none is stated.

    A lower bound up to the normal and chi-square approximations: what several comparisons find together is left out.
    """
    level = stage_level / len(comparisons)
    chances = [
        comparison.power(n, level) * comparison.power(SECOND_STAGE * n, level)
        for comparison in comparisons
        if comparison.stated
    ]
    return max(chances) if chances else None


def _column(data: Any, keys: tuple[str, ...]) -> tuple[Floats, ...]:
    """The arrays that a comparison looks at; values that are not numbers are refused, as they would hide an alarm."""
    arrays = tuple(np.asarray(data[key] if isinstance(data, Mapping) else data, dtype=np.float64) for key in keys)
    for key, values in zip(keys, arrays, strict=True):
        assert values.ndim == 1, f"{key!r}: got shape {values.shape}; expected one value per course"
        assert values.size, f"{key!r}: no values"
        assert np.isfinite(values).all(), f"{key!r}: {np.sum(~np.isfinite(values))} values are no numbers"
    return arrays
