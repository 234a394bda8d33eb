"""Notebooks: stored without outputs, executed into a folder of their own, and turned into pages of the site."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300  # seconds for one cell: the first one may compile


def stored() -> list[Path]:
    """The notebooks of the documentation."""
    return sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def execute(path: Path, folder: Path) -> Path:
    """Execute a notebook in the root of the checkout; the executed copy. An error of a cell is raised."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=LONGEST, resources={"metadata": {"path": str(ROOT)}})
    with closing(asyncio.new_event_loop()) as loop:  # `execute` leaves its loop open, `asyncio.run` drops the caller's
        loop.run_until_complete(client.async_execute())
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / path.name
    nbformat.write(notebook, done)
    return done


def pages(source: Path, folder: Path) -> Iterator[tuple[str, Any]]:
    """Page and pictures of each notebook, with outputs where it has been executed, by their places on the site."""
    from nbconvert import MarkdownExporter

    for path in sorted(source.glob("*.ipynb")):
        done = folder / path.name
        text, resources = MarkdownExporter().from_filename(str(done if done.is_file() else path))
        pictures = resources.get("outputs") or {}
        for name, content in pictures.items():
            text = text.replace(f"]({name})", f"]({path.stem}_{name})")
            yield f"notebooks/{path.stem}_{name}", content
        yield f"notebooks/{path.stem}.md", text
