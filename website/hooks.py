"""What MkDocs calls while it builds: pages and files are added, pages are put in order, links out of `docs` are kept.

A guide may link to any file of the checkout; on the site that file lies under `files/`, and the guides of the root
(README, contributing, changelog) are pages.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from website import figures, gallery, notebooks, reference

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SECTIONS = {  # folder: heading, and the pages that come first
    "start": ("Start", ()),
    "teach": ("Teach", ("index.md",)),
    "how-to": (
        "How to",
        ("product.md", "new_trial.md", "results.md", "one_patient.md", "patients.md", "trial.md", "sweep.md"),
    ),
    "explain": (
        "Explain",
        ("biology.md", "mechanisms.md", "chance.md", "verification.md", "facts.md", "literature.md", "sbml.md"),
    ),
    "notebooks": ("Notebooks", ("first_patient.md", "relapse_map.md", "bispecific_or_sequential.md")),
    "reference": ("Reference", tuple(Path(page).name for page in reference.PAGES)),
    "develop": ("Develop", ("house.md", "decisions.md", "contributing.md", "changelog.md", "decisions")),
}
OF_ROOT = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "develop/contributing.md",
    "CHANGELOG.md": "develop/changelog.md",
}
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")


def pages() -> dict[str, str]:
    """Text of every page that is not a file of `docs`, by its place on the site."""
    made = {place: page() for place, page in reference.PAGES.items()}
    titles = {path.name: _title(path) for path in (DOCS / "develop" / "decisions").glob("*.md")}
    made["develop/decisions.md"] = reference.decisions_page(titles)
    made["gallery.md"] = gallery.page_of_gallery(figures.folder())
    made |= {place: (ROOT / name).read_text(encoding="utf-8") for name, place in OF_ROOT.items()}
    return made


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add generated pages, notebooks, figures, and the files of the checkout that guides link to."""
    kept = [file for file in files if not file.src_uri.endswith((".ipynb", ".py"))]
    found = Files(kept)
    for place, text in pages().items():
        found.append(File.generated(config, place, content=text))
    for place, content in (*notebooks.pages(DOCS / "notebooks", figures.folder()), *gallery.pictures(figures.folder())):
        found.append(File.generated(config, place, content=content))
    for linked in _linked():
        found.append(File.generated(config, f"files/{linked.relative_to(ROOT)}", abs_src_path=str(linked)))
    return found


def _linked() -> set[Path]:
    """Files of the checkout outside `docs` that a guide links to, other than pages."""
    guides = [(path, path.parent) for path in DOCS.rglob("*.md")] + [(ROOT / name, ROOT) for name in OF_ROOT]
    found = set()
    for path, folder in guides:
        for _, target, _ in LINK.findall(path.read_text(encoding="utf-8")):
            place = _of_checkout(folder, target)
            if place and place.is_file() and not place.is_relative_to(DOCS) and place.name not in OF_ROOT:
                found.add(place)
    return found


def _of_checkout(folder: Path, target: str) -> Path | None:
    """The file or folder that a relative link means; None for others."""
    name = target.partition("#")[0]
    if re.match(r"[a-z]+:", target) or not name:
        return None
    return Path(os.path.normpath(folder / name))


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Links as they are on the site."""
    of_root = {place: name for name, place in OF_ROOT.items()}
    here = page.file.src_uri
    folder = ROOT if here in of_root else (DOCS / here).parent

    def turned(found: re.Match[str]) -> str:
        place = _of_checkout(folder, found[2])
        if place is None or (here not in of_root and place.is_relative_to(DOCS)):
            return found[0]
        if place.is_dir() and place.is_relative_to(ROOT):
            return found[1].lstrip("!").removeprefix("[").removesuffix("](")  # a folder has no page: its words stay
        anchor = found[2].partition("#")[1:]
        return (
            f"{found[1]}{posixpath.relpath(_on_site(place), posixpath.dirname(here) or '.')}{''.join(anchor)}{found[3]}"
        )

    return LINK.sub(turned, markdown)


def _on_site(place: Path) -> str:
    if place.is_relative_to(DOCS):
        return place.relative_to(DOCS).as_posix()
    name = place.relative_to(ROOT).as_posix()
    return OF_ROOT.get(name, f"files/{name}")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Every page in the order of its section, so that a page that is added is shown."""
    config.nav = [{"Home": "index.md"}, *_sections(), {"Gallery": "gallery.md"}, {"README": "readme.md"}]
    return config


def _sections() -> Iterator[dict[str, list[Any]]]:
    generated = [*reference.PAGES, *OF_ROOT.values(), "develop/decisions.md"]
    there = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    there += [path.relative_to(DOCS).with_suffix(".md").as_posix() for path in DOCS.rglob("*.ipynb")]
    for folder, (heading, first) in SECTIONS.items():
        own = sorted({place for place in (*there, *generated) if place.startswith(f"{folder}/")})
        order = {f"{folder}/{name}": rank for rank, name in enumerate(first)}
        deep = [place for place in own if place.count("/") > 1]
        flat = sorted((place for place in own if place.count("/") == 1), key=lambda place: order.get(place, len(order)))
        if own:
            yield {heading: [*flat, *([{"Decisions, one by one": deep}] if deep and folder == "develop" else deep)]}
