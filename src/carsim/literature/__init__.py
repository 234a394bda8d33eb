"""Published CAR T-cell models, each its own network, and the numbers that their papers print.

One file of Python states a model's reactions, one file of `data` its rows, parameter sets and check values; `models`
lists them. Adding a model is these two files and one line in `models.py`.
"""

from carsim.literature.models import Model, find, laws, models

__all__ = ["Model", "find", "laws", "models"]
