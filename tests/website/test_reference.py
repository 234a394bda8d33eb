"""The reference holds what the program has, since it is made from it; nothing of it is stored, so nothing is old."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import carsim
from carsim import catalog
from carsim.dataset.variables import VARIABLES
from carsim.endpoints import REGISTRY
from carsim.spec import json_schema
from website import gallery, licences, reference

ROOT = Path(__file__).resolve().parents[2]


@cache
def text(place: str) -> str:
    return reference.PAGES[place]()


def missing(place: str, names: Iterator[str]) -> set[str]:
    return {name for name in names if f"`{name}`" not in text(place)}


def test_no_generated_page_is_stored() -> None:
    assert [path for path in reference.PAGES if (ROOT / "docs" / path).exists()] == []


def test_every_command_and_option_is_there() -> None:
    page = text("reference/commands.md")
    options = 0
    for words, command in reference.every_command():
        assert f"\n## {words}\n" in page
        section = page.split(f"\n## {words}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            options += 1
            names = (
                parameter.opts if parameter.param_type_name == "option" else [parameter.make_metavar(_context(command))]
            )
            assert all(name in section for name in names), (words, names)
    assert options > 130


def _context(command: Any) -> Any:
    import click

    return click.Context(command)


def test_every_key_of_a_scenario_is_there() -> None:
    schema = json_schema()
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", {})}
    assert len(keys) > 100
    assert missing("reference/scenario.md", iter(keys)) == set()


def test_every_variable_and_endpoint_is_there() -> None:
    assert missing("reference/variables.md", iter([*VARIABLES, *REGISTRY])) == set()


def test_every_parameter_and_source_is_there() -> None:
    paths = [path for parameter in catalog.parameters().values() for path in parameter.paths()]
    assert missing("reference/parameters.md", iter([*paths, *catalog.sources()])) == set()


def test_every_product_population_and_public_name_is_there() -> None:
    page = text("reference/products.md")
    assert [name for name in (*catalog.products(), *catalog.populations()) if f"### {name}\n" not in page] == []
    assert [name for name in carsim.__all__ if f"## carsim.{name}\n" not in text("reference/python.md")] == []


def test_every_law_of_the_example_is_there() -> None:
    from carsim.cli.show import network_of
    from carsim.derive.equations import laws_of
    from carsim.spec.load import load

    network = network_of(load(ROOT / "scenarios" / reference.EQUATIONS_OF))
    page = text("reference/equations.md")
    assert [law.name for law in laws_of(network) if f"\n{law.name} = " not in page] == []
    assert [reaction.name for reaction in network.reactions if f"\n{reaction.name} " not in page] == []


def test_what_the_program_changes_the_reference_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(iter(catalog.parameters().values()))
    other = dataclasses.replace(one, name="another_one", meaning="what was added just now")
    monkeypatch.setattr(catalog, "parameters", lambda: MappingProxyType({"another_one": other}))
    assert "what was added just now" in reference.parameters_page()
    assert "what was added just now" not in text("reference/parameters.md")


def test_no_licence_of_the_base_install_is_refused() -> None:
    base = [package for package in licences.packages() if package.base]
    assert {"numpy", "numba", "scipy", "matplotlib"} <= {package.name for package in base}
    assert [f"{package.name}: {package.licence}" for package in base if licences.is_refused(package.licence)] == []
    assert [package.name for package in base if package.licence == "not declared"] == []


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0", True),
        ("BUSL-1.1", True),
        ("LGPL", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT", False),
    ],
)
def test_a_licence_that_is_refused_is_seen(licence: str, refused: bool) -> None:
    assert licences.is_refused(licence) == refused


def test_the_gallery_has_every_scenario_with_its_command(tmp_path: Path) -> None:
    page = gallery.page_of_gallery(tmp_path)
    for file in [*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "scenarios" / "trials").glob("*.yaml")]:
        assert str(file.relative_to(ROOT)) in page
    assert "](images/gallery/" not in page
    (tmp_path / "antigen_escape.png").write_bytes(b"drawn")
    assert "](images/gallery/antigen_escape.png)" in gallery.page_of_gallery(tmp_path)
    assert dict(gallery.pictures(tmp_path)) == {"images/gallery/antigen_escape.png": b"drawn"}


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_tells_a_story(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert "Research and teaching only" in "".join(cells[0]["source"])
    assert len(cells) - len(code) >= len(code) - 1
