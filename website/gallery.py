"""The gallery: what each shipped scenario shows, made by the command that stands beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from carsim.spec.shipped import shipped
from website.tables import page

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Entry:
    """A picture: its name, heading, what it shows, and the words of the command behind `carsim`.

    `made` is the picture among the files of the command, in the folder that --out names.
    """

    name: str
    title: str
    about: str
    words: tuple[str, ...]
    made: str

    @property
    def command(self) -> str:
        """The command as one types it in a checkout."""
        return " ".join(["carsim", *self.words])


def entries() -> Iterator[Entry]:
    """Runs of all scenarios, published models, and the trials and sweeps of shipped scenarios with few patients."""
    from carsim.literature import models
    from carsim.spec.load import load

    for file in sorted(shipped().glob("*.yaml")):
        scenario = load(file)
        words = ("run", f"scenarios/{file.name}")
        yield Entry(file.stem, scenario.title, scenario.about, words, f"{file.stem}.png")
    for model in models():
        about = f"{model.data.authors} {model.data.year}, {model.data.disease}, simulated as published."
        yield Entry(model.name, model.data.title, about, ("run", "--literature", model.name), f"{model.name}.png")
    for file in sorted((shipped() / "trials").glob("*.yaml")):
        scenario = load(file)
        words = ("trial", f"scenarios/trials/{file.name}", "--patients", "20")
        yield Entry(f"trial_{file.stem}", scenario.title, scenario.about, words, "*survival*.png")


def make(entry: Entry, folder: Path) -> Path:
    """Run the command of an entry; the picture in `folder`. Raises RuntimeError where it fails or draws nothing."""
    import os

    from carsim.cli import main

    work = folder / "work" / entry.name
    work.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        out = work / f"{entry.name}.nc" if entry.words[0] == "trial" else work
        status = main([*entry.words, "--out", str(out), "--quiet", "--force"])
    finally:
        os.chdir(before)
    drawn = sorted(work.rglob(entry.made))
    if status != 0 or not drawn:
        raise RuntimeError(f"{entry.command}: status {status}, {len(drawn)} pictures; expected status 0 and a picture")
    return Path(shutil.copy(drawn[0], folder / f"{entry.name}.png"))


def page_of_gallery(folder: Path) -> str:
    """The page: each entry with its command, and its picture where it has been made."""
    parts = []
    for entry in entries():
        picture = f"![{entry.title}](images/gallery/{entry.name}.png)"
        made = (folder / f"{entry.name}.png").is_file()
        parts += [f"## {entry.title}", entry.about, f"```sh\n{entry.command}\n```"]
        parts += [picture] if made else []
    return page(
        "Gallery",
        "What the shipped scenarios show, each with the command that makes it. The pictures are made when the site is, "
        "by `python -m website.figures`. Research and teaching only: not for the treatment of any patient.",
        *parts,
    )


def pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Pictures that have been made, by their place on the site."""
    for entry in entries():
        path = folder / f"{entry.name}.png"
        if path.is_file():
            yield f"images/gallery/{entry.name}.png", path.read_bytes()


def named(names: Sequence[str]) -> list[Entry]:
    """Entries of these names, all without any; raises KeyError for a name that is not there."""
    every = {entry.name: entry for entry in entries()}
    return [every[name] for name in names] if names else list(every.values())
