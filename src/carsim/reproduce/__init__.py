"""Published models, run as published and compared with their papers: `published` their equations, `chance` the rest."""

from carsim.reproduce.chance import ShareOutcome, WithoutChance, chance_of, compare_chance, run_chance, share_of
from carsim.reproduce.published import (
    ATOL,
    RTOL,
    SUMMARY_DAYS,
    CheckFailed,
    Course,
    Outcome,
    compare,
    courses,
    published_levels,
    run_literature,
)

__all__ = [
    "ATOL",
    "RTOL",
    "SUMMARY_DAYS",
    "CheckFailed",
    "Course",
    "Outcome",
    "ShareOutcome",
    "WithoutChance",
    "chance_of",
    "compare",
    "compare_chance",
    "courses",
    "published_levels",
    "run_chance",
    "run_literature",
    "share_of",
]
