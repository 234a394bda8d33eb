"""The site builds without a warning, its notebooks run, and its pictures are made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from website import gallery, notebooks, reference, verification

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.full
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Strict: a link or an anchor that leads nowhere is an error too."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    for place in (*reference.PAGES, "gallery.md", "readme.md", "notebooks/first_patient.md", "develop/decisions.md"):
        page = tmp_path / place.removesuffix(".md") / "index.html"
        assert page.is_file(), place
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="https?://(?!squidfunk|www\.mkdocs|example)', home), "loads from elsewhere"


@pytest.mark.full
@pytest.mark.parametrize("path", notebooks.stored(), ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    done = notebooks.execute(path, tmp_path)
    draws = path.stem != "three_experiments"  # which prints what the page shows
    assert ('"image/png"' in done.read_text(encoding="utf-8")) == draws
    pages = dict(notebooks.pages(done.parent, tmp_path))
    assert len(pages) >= 1 + draws
    assert "Research and teaching only" in str(pages[f"notebooks/{path.stem}.md"])


@pytest.mark.full
@pytest.mark.parametrize("name", ["antigen_escape", "kimmel2021"])
def test_a_picture_of_the_gallery_is_made(name: str, tmp_path: Path) -> None:
    (entry,) = gallery.named([name])
    assert gallery.make(entry, tmp_path).read_bytes().startswith(b"\x89PNG")


@pytest.mark.full
def test_the_picture_of_the_verification_is_made(tmp_path: Path) -> None:
    assert verification.draw(tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    assert all(-1.0 <= place <= 1.0 for _, place in verification.papers())
