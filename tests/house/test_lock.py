"""The lock file holds what `pyproject.toml` asks for, with a wheel of every package for each Python of carsim's."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .tree import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
SOURCE_ONLY = {"autograd-gamma", "petab", "sbmlmath"}  # plain Python, for the tests


@cache
def packages() -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / "pylock.toml").read_text(encoding="utf-8"))["packages"]


def asked() -> list[Requirement]:
    """What the base install and the test extra ask for themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *extras["test"], *extras["dask"], *extras["docs"]]
    return [requirement for requirement in map(Requirement, texts) if requirement.name != "carsim"]


def test_every_requirement_is_locked_at_a_version_that_it_allows() -> None:
    locked: dict[str, list[str]] = {}
    for package in packages():
        locked.setdefault(canonicalize_name(package["name"]), []).append(package["version"])
    wrong = [
        str(requirement)
        for requirement in asked()
        if not (found := locked.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version in found)
    ]
    assert wrong == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_has_a_wheel_for_linux(python: str) -> None:
    short = python.replace(".", "")
    fits = re.compile(rf"-(py3|py2\.py3|cp{short}|cp3\d+-abi3)[^/]*-(any|manylinux[^/]*x86_64[^/]*)\.whl$")
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    needed = [p for p in packages() if "marker" not in p or Marker(p["marker"]).evaluate(environment)]
    assert len(needed) > 60
    without = {p["name"] for p in needed if not any(fits.search(wheel["url"]) for wheel in p.get("wheels", []))}
    assert without <= SOURCE_ONLY


def test_the_lock_names_no_place_but_the_public_index() -> None:
    urls = [wheel["url"] for package in packages() for wheel in package.get("wheels", [])]
    assert {url.split("/")[2] for url in urls} == {"files.pythonhosted.org"}
