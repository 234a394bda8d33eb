"""The words that rows of a network take: kinds of species, operations of changes, sides of conditions."""

from typing import Literal

Kind = Literal["count", "continuous"]
Operation = Literal["add", "set", "scale"]
Side = Literal["above", "below"]
