"""What an installation can check of itself: versions, random numbers, sixty checks, three trials; `carsim selftest`."""

from carsim.selftest.check import Check, Measure, Result
from carsim.selftest.report import GROUPS, Report, conduct
from carsim.selftest.text import as_markdown, as_object

__all__ = ["GROUPS", "Check", "Measure", "Report", "Result", "as_markdown", "as_object", "conduct"]
