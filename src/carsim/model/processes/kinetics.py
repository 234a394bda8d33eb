"""Laws that several processes share: the elementary forms of chemical kinetics and of body size.

first order      rate_constant * amount
constant         rate * scale
allometry        value * size^exponent
"""

from __future__ import annotations

from typing import Any

from carsim.model.law import law


@law
def first_order(rate_constant: Any, amount: Any) -> Any:
    """A loss or transfer in proportion to what is there."""
    return rate_constant * amount


@law
def constant(rate: Any, scale: Any) -> Any:
    """A production that does not depend on any state."""
    return rate * scale


@law
def ratio(amount: Any, volume: Any) -> Any:
    """An amount per volume, or a share of a whole."""
    return amount / volume


@law
def allometry(value: Any, size: Any, exponent: Any) -> Any:
    """A value at 70 kg (or at a reference surface) scaled with body size."""
    return value * size**exponent
