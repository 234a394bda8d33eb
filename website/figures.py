"""`python -m website.figures [NAME...]`: simulate the gallery and the notebooks, into build/site-figures/.

Names are those of entries of the gallery or of notebooks; without any, everything is made.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Where pictures and executed notebooks lie."""
    return ROOT / "build" / "site-figures"


def main(names: list[str]) -> int:
    """Make what is asked for."""
    from website import gallery, notebooks

    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    known = {path.stem: path for path in notebooks.stored()}
    pictures = (
        gallery.named([name for name in names if name not in known]) if set(names) - set(known) or not names else []
    )
    for entry in pictures:
        sys.stdout.write(f"{gallery.make(entry, place)}\n")
    for name, path in known.items():
        if not names or name in names:
            sys.stdout.write(f"{notebooks.execute(path, place)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
