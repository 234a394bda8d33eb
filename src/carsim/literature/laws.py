"""Laws that published models are written with; those they share with carsim's own model are in its `kinetics`.

Hill             (amount / half)^n / (1 + (amount / half)^n)
Gompertz         rate * cells * ln(total / limit), a loss above the limit and a gain below it
"""

from __future__ import annotations

from typing import Any

from carsim.model.law import law, log


@law
def hill(amount: Any, half: Any, exponent: Any) -> Any:
    """A share from 0 to 1; its slope at nothing is infinite for an exponent below 1."""
    return (amount / half) ** exponent / (1.0 + (amount / half) ** exponent)


@law
def gompertz_loss(rate: Any, cells: Any, total: Any, limit: Any) -> Any:
    """Net loss of cells whose growth slows with the logarithm of all that compete; negative below the limit."""
    return rate * cells * log(total / limit)


@law
def kimmel_expansion(base: Any, boost: Any, shape: Any, total: Any, limit: Any) -> Any:
    """Growth of CAR T cells that rises with the distance of all T cells from their set point."""
    return base + boost * (total - limit) ** 2 / (shape * total**2 + (total - limit) ** 2)


@law
def stein_expansion(fold: Any, time: Any) -> Any:
    """Exponential rate that multiplies by `fold` in `time`."""
    return log(fold) / time


@law
def mueller_expansion(
    reference: Any, low: Any, is_low: Any, boost: Any, transplant: Any, ratio: Any, power: Any
) -> Any:
    """Expansion by covariates: CD4/CD8 ratio in the reference class, none in the low one; earlier transplantation."""
    return (1.0 + boost * transplant) * ((1.0 - is_low) * reference * ratio ** (-power) + is_low * low)
