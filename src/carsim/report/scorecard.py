"""The scorecard in words: cells of its table, sentences of its summary, and the page with both and the figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.report.amounts import amount
from carsim.report.without import HEADS, cells_of_direction, sentence
from carsim.scorecard.summary import MODEL

if TYPE_CHECKING:
    from carsim.scorecard.score import Scored
    from carsim.scorecard.without import Compared

NAMES = {
    MODEL: "carsim",
    "pooled": "mean of the endpoint",
    "class": "mean of the class",
    "regression": "meta-regression",
}


def published(one: Scored) -> str:
    """What was published, with its interval."""
    fact = one.fact
    if fact.comparison is not None:
        return f"{fact.comparison.group_a} / {fact.comparison.group_b}: {fact.comparison.expected}"
    sign = {"=": "", "~": "about ", ">": "> ", "<=": "up to ", "not_reached": "not reached, > ", "range": ""}[fact.op]
    if fact.range:
        return f"{fact.range[0]:g} to {amount(fact.range[1], fact.unit)}"
    interval = f" ({fact.ci95[0]:g} to {fact.ci95[1]:g})" if fact.ci95 else ""
    return f"{sign}{amount(fact.value if fact.value is not None else math.nan, fact.unit)}{interval}"


def accepted(one: Scored) -> str:
    """Where an estimate counts as agreeing."""
    fact = one.fact
    if fact.comparison is None:
        return f"{fact.accept[0]:g} to {fact.accept[1]:g}" if fact.accept else ""
    if fact.comparison.expects == "near":
        return f"within {fact.comparison.margin:g}"
    if fact.comparison.interval:
        return f"{fact.comparison.interval[0]:g} to {fact.comparison.interval[1]:g}"
    return {"above": "> 0", "below": "< 0", "not-above": "<= 0", "some": "each > 0"}[fact.comparison.expects]


def simulated(one: Scored) -> str:
    """What was simulated, with the interval of trials of the published size."""
    if one.agrees is None:
        return one.reason
    unit = one.fact.unit if one.fact.comparison is None else ""
    text = f"{amount(one.simulated, unit)} ({amount(one.low)} to {amount(one.high)})"
    if len(one.sides) > 1:
        text += f"; {' against '.join(amount(side) for side in one.sides)}"
    return text if one.holds is None else f"{text}; in {100.0 * one.holds:.0f} % of trials"


def agreement(one: Scored) -> str:
    """Whether a fact agrees, and whether a trial of the published size could have found it."""
    if one.agrees is None:
        return "not read"
    if one.inside is None:
        return "yes" if one.agrees else "NO"
    return "yes" if one.agrees else "NO, within chance" if one.inside else "NO"


def cells(one: Scored) -> tuple[str, ...]:
    """A row of the table."""
    read = one.fact.reading.text() if one.fact.reading else ""
    return one.fact.id, published(one), accepted(one), simulated(one), agreement(one), read


def sentences(summary: Mapping[str, Any]) -> list[str]:
    """The summary in sentences."""
    agree, inside = summary["numbers_agree"], summary["numbers_inside"]
    found = [
        f"{summary['facts']} facts that count, {summary['read']} of them read off simulated trials.",
        f"Numbers: {_of(agree)} agree; {_of(inside)} lie within the 95 % interval of trials of the published size.",
    ]
    for mark, share in summary["directions"].items():
        found.append(f"Directions, {mark}: {_of(share)} hold.")
    whole = summary["groups"].get("all")
    if whole:
        parts = [
            f"{NAMES[name]} {whole[name]['error']:.2f} ({100.0 * whole[name]['accepted']:.0f} % accepted)"
            for name in NAMES
        ]
        found.append(f"Error of {whole['facts']} shares on the logit scale: {', '.join(parts)}.")
    return found


def _of(share: Mapping[str, Any]) -> str:
    weighted = "" if math.isnan(share["weighted"]) else f" ({100.0 * share['weighted']:.0f} % by weight)"
    return f"{share['yes']} of {share['of']}{weighted}"


def page(
    scored: Sequence[Scored],
    summary: Mapping[str, Any],
    digest: str,
    figures: Mapping[str, str],
    compared: Sequence[Compared] = (),
) -> str:
    """The page: summary, scores beside the baselines, figures (names of files beside it), and every fact.

    `compared` are the emergent directions with and without their mechanisms, where they were asked for.
    """
    body = ["<h1>Published facts and simulated trials</h1>", f"<p><strong>{escape(NOT_FOR_TREATMENT)}</strong></p>"]
    body += [f"<p>{escape(sentence)}</p>" for sentence in sentences(summary)]
    body.append(f"<p>Digest of the parameters: <code>{escape(digest)}</code></p>")
    body += ["<h2>Error and log score by group of endpoints</h2>", _scores(summary["groups"])]
    for group, name in figures.items():
        body.append(f"<h2>{escape(group.capitalize())}</h2>")
        body.append(f'<img src="{escape(name)}" alt="Published and simulated values: {escape(group)}">')
    heads = ("fact", "published", "accepted", "simulated", "agrees", "read", "weight", "mechanism")
    rows = [
        (*cells(one), f"{one.fact.weight:g}", ", ".join(one.fact.mechanism))
        for one in sorted(scored, key=lambda one: (one.group, one.fact.system))
    ]
    if compared:
        body += ["<h2>Without their mechanisms</h2>", f"<p>{escape(sentence(compared))}</p>"]
        body.append(_table(HEADS, [cells_of_direction(one) for one in compared]))
    body += ["<h2>Every fact</h2>", _table(heads, rows)]
    return _PAGE.format(body="\n".join(body))


def _scores(groups: Mapping[str, Mapping[str, Any]]) -> str:
    heads = ("endpoints", "facts", *(f"{NAMES[name]}: error, log score, accepted" for name in NAMES))
    rows = [
        (group, str(scores["facts"]), *(_score(scores[name]) for name in NAMES)) for group, scores in groups.items()
    ]
    return _table(heads, rows)


def _score(of: Mapping[str, float]) -> str:
    return f"{of['error']:.2f}, {of['log_score']:.2f}, {100.0 * of['accepted']:.0f} %"


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    lines = ["<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>carsim scorecard</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; font-size: 13px; }}
td, th {{ border-bottom: 1px solid #8884; padding: .25rem .6rem; text-align: left; vertical-align: top; }}
img {{ max-width: 100%; background: #fff; }}
</style></head><body>
{body}
</body></html>
"""
