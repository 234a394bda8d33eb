"""Laws that several processes share: the elementary forms of chemical kinetics and of body size.

first order      rate_constant * amount
constant         rate * scale
allometry        value * size^exponent
saturating       amount / (half + amount)
inhibited        half / (half + amount)
threefold        first * second * third
lessened         value * (1 - effect * share)
raised           1 + gain * share
larger           the larger of two values
geometric mean   (first * second)^(1/2)
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


@law
def saturating(amount: Any, half: Any) -> Any:
    """A share that rises with an amount: half of the whole at `half`."""
    return amount / (half + amount)


@law
def inhibited(amount: Any, half: Any) -> Any:
    """The share that an inhibitor leaves: half of the whole at `half`."""
    return half / (half + amount)


@law
def threefold(first: Any, second: Any, third: Any) -> Any:
    """A product of three factors."""
    return first * second * third


@law
def larger(first: Any, second: Any) -> Any:
    """The larger of two pure numbers, to 1e-15; for observables only, since its slope all but jumps."""
    return 0.5 * (first + second + ((first - second) ** 2 + 1e-30) ** 0.5)


@law
def geometric_mean(first: Any, second: Any) -> Any:
    """Geometric mean of two rates or two pure numbers; for parameters only, since its slope is infinite at zero."""
    return (first * second) ** 0.5


@law
def lessened(value: Any, effect: Any, share: Any) -> Any:
    """A value of which an effect takes a share: `effect` is what it takes at a share of one."""
    return value * (1.0 - effect * share)


@law
def raised(gain: Any, share: Any) -> Any:
    """A factor that rises from one by up to `gain`."""
    return 1.0 + gain * share
