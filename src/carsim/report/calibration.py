"""A calibration in words: tables of parameters and of groups of facts, and sentences on what holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carsim.calibrate.study import LEAST_FACTS, LEAST_TRIALS
from carsim.calibrate.validation import MODEL
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.report.scorecard import NAMES

FAR = 2.0  # standard deviations between emulator and simulation
PARAMETERS = ("parameter", "changes", "before", "after", "value", "known", "facts", "tied to")
GROUPS = ("facts of", "facts", "inside", *(f"error: {name}" for name in NAMES.values()))


def parameter_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The cells of each free parameter."""
    return [
        (
            one["name"],
            one["changes"],
            f"{one['prior']['median']:g} ({one['prior']['low']:g} to {one['prior']['high']:g})",
            f"{one['median']:.2g} ({one['low']:.2g} to {one['high']:.2g})",
            f"{one['value']:.3g}",
            f"{max(100.0 * one['contraction'], 0.0):.0f} %",
            f"{one['facts']} of {one['trials']} trials",
            ", ".join(f"{name} {value:+.2f}" for name, value in one["tied"].items()),
        )
        for one in found["parameters"]
    ]


def group_rows(table: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """The cells of each group of facts: how many lie inside, and errors of log odds beside the baselines'."""
    rows = []
    for group, of in table.items():
        errors = [f"{of[name]['error']:.2f}" if name in of else "" for name in NAMES]
        rows.append((group, str(of["facts"]), f"{of['inside']} ({100.0 * of['inside'] / of['facts']:.0f} %)", *errors))
    return rows


def sentences(found: Mapping[str, Any]) -> list[str]:
    """What a reader asks first."""
    whole = found["validation"]["all"]
    apart = [one for one in found["check"] if abs(one["apart"]) > FAR]
    chains = found["chains"]
    same = sum(level > max(chains["starts"]) - 1.0 for level in chains["starts"])
    few = [one["name"] for one in found["parameters"] if one["facts"] < LEAST_FACTS or one["trials"] < LEAST_TRIALS]
    said = [
        f"Predicted without their own trial, {whole['inside']} of {whole['facts']} facts lie in the interval of 95 % "
        f"({100.0 * whole['inside'] / whole['facts']:.0f} %).",
        *_beside_baselines(whole),
        f"At the chosen values {len(apart)} of {len(found['check'])} facts are simulated more than {FAR:g} standard "
        "deviations from what the emulator says.",
        f"{same} of {len(chains['starts'])} starts end within 1 of the highest log density; the chains' longest "
        f"autocorrelation is {chains['autocorrelation']:.0f} steps, {100.0 * chains['acceptance']:.0f} % accepted.",
    ]
    if few:
        said.append(f"Seen by fewer than three facts of two trials, and so held by the prior: {', '.join(few)}.")
    return said


def _beside_baselines(whole: Mapping[str, Any]) -> list[str]:
    """The errors of shares beside the best baseline; nothing where no share was fitted."""
    known = [name for name in NAMES if name != MODEL and name in whole]
    if not known:
        return []
    best = min(known, key=lambda name: whole[name]["error"])
    return [
        f"Error of {whole['shares']} shares on the log-odds scale: {whole[MODEL]['error']:.2f}, best baseline "
        f"({NAMES[best]}) {whole[best]['error']:.2f}; log score {whole[MODEL]['log_score']:.2f} against "
        f"{max(whole[name]['log_score'] for name in known):.2f}."
    ]


def page(found: Mapping[str, Any], figures: Mapping[str, str]) -> str:
    """The calibration as a page of Markdown."""
    outside = [one for one in found["facts"] if not one["left_out"]["inside"]]
    parts = [
        f"# {found['study']}",
        "Written by `carsim calibrate`; not edited by hand.",
        "\n".join(f"- {sentence}" for sentence in sentences(found)),
        "## Free parameters",
        _table(PARAMETERS, parameter_rows(found)),
        f"![Free parameters before and after]({figures['parameters']})",
        "## Facts predicted without their trial",
        "A published median stands for 50 % beyond it; where no number of patients is published, 20 are taken.",
        _table(GROUPS, group_rows(found["validation"])),
        f"![Each fact, predicted by a fit without its trial]({figures['facts']})",
        "Spread between trials, in log odds: "
        + ", ".join(f"{group} {value:.2f}" for group, value in found["between_trials"].items())
        + ".",
        "## Facts outside",
        _table(
            ("fact", "published", "predicted without its trial", "fitted"),
            [
                (one["id"], f"{one['published']:g} %", *(_interval(one[key]) for key in ("left_out", "fitted")))
                for one in outside
            ],
        ),
        "## Facts that were not fitted",
        _table(("fact", "why"), list(found["unused"].items())) if found["unused"] else "None.",
        NOT_FOR_TREATMENT,
    ]
    return "\n\n".join(parts) + "\n"


def _interval(of: Mapping[str, float]) -> str:
    return f"{of['median']:.0f} % ({of['low']:.0f} to {of['high']:.0f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
