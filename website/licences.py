"""Licences of everything that an installation of carsim brings, from what the installed packages say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from website.tables import code, page, table

REFUSED = re.compile(r"(?<!L)GPL|General Public License|BUSL|Business Source", re.IGNORECASE)
LESSER = re.compile(r"Lesser|LGPL", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """An installed distribution, its licence, and whether the base install brings it."""

    name: str
    version: str
    licence: str
    base: bool


def packages(extra: str = "") -> list[Package]:
    """What `pip install carsim` (or with an extra) brings, by name; what is not installed here is left out."""
    base = set(_closure("carsim", ""))
    every = base | (set(_closure("carsim", extra)) if extra else set())
    return [
        Package(name, metadata.version(name), licence_of(metadata.metadata(name)), name in base)
        for name in sorted(every)
    ]


def _closure(name: str, extra: str) -> Iterator[str]:
    """Names of all requirements, theirs included."""
    waiting, done = [(name, extra)], set()
    while waiting:
        current = waiting.pop()
        if current in done:
            continue
        done.add(current)
        try:
            required = metadata.requires(current[0]) or []
        except metadata.PackageNotFoundError:
            continue
        if current[0] != name:
            yield current[0]
        for requirement in map(Requirement, required):
            if requirement.marker is None or requirement.marker.evaluate({"extra": current[1]}):
                plain = re.sub(r"[-_.]+", "-", requirement.name).lower()
                waiting += [(plain, own) for own in ("", *requirement.extras)]


def licence_of(found: metadata.PackageMetadata) -> str:
    """The expression that a package declares, else its classifiers, else the first line of its licence field."""
    expression = found.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [line.rpartition(" :: ")[2] for line in found.get_all("Classifier", []) if "License ::" in line]
    if classifiers:
        return ", ".join(classifiers)
    return next((line.strip() for line in (found.get("License") or "").splitlines() if line.strip()), "not declared")


def is_refused(licence: str) -> bool:
    """Whether a licence is one of those that the base install may not have: GPL (the lesser one may), BUSL."""
    return bool(REFUSED.search(licence)) and not LESSER.search(licence)


def licences_page() -> str:
    """Every package with its licence, those of the base install first."""
    found = packages("test")
    rows = [
        (code(each.name), each.version, each.licence, "base" if each.base else "test extra")
        for each in sorted(found, key=lambda each: (not each.base, each.name))
    ]
    return page(
        "Licences",
        "carsim is under the BSD 3-Clause licence. What it installs has licences of its own, as each package declares "
        "them; none of the base install is under the GPL or the Business Source licence, and a test holds that.",
        table(["package", "version", "licence", "brought by"], rows),
    )
