"""`carsim lab`: the classroom page, served on this machine or written as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from carsim.cli import options
from carsim.cli.exits import DONE

if TYPE_CHECKING:
    from carsim.spec import Scenario

SUFFIXES = (".html", ".htm")
MARK = '<meta name="generator" content="carsim'  # in the head of every page that carsim writes


@click.command("lab")
@click.argument("scenario", type=click.Path(path_type=Path), required=False)
@options.settings
@click.option(
    "--export",
    "out",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write the page as one file that works offline, instead of serving it.",
)
@options.force
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Address to serve on. Beyond this machine, the address printed carries a secret word.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port; default: a free one.")
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.")
@options.told
def command(
    scenario: Path | None,
    assignments: tuple[str, ...],
    out: Path | None,
    force: bool,
    host: str,
    port: int,
    browser: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Antigen escape in one page for a class: drag a setting, and curves and verdict follow.

    With SCENARIO the page begins with that patient. It computes in the browser, offline. Research and teaching only:
    not for the treatment of any patient.
    """
    if assignments and scenario is None:
        raise click.UsageError("--set needs a SCENARIO whose values it sets.")
    start = start_of(options.read(scenario, assignments)) if scenario else ""
    if out is not None:
        return export(start, out, force=force, quiet=quiet)
    return serve(start, host, port, browser=browser, quiet=quiet)


def start_of(scenario: Scenario) -> str:
    """What the page shows first for a scenario; raises OutsideClassroom with what it cannot hold."""
    from carsim.classroom.opening import opening
    from carsim.spec.shipped import shipped

    return opening(scenario, shipped())


def export(start: str, out: Path, *, force: bool, quiet: bool) -> int:
    """Write the page to one file."""
    from carsim.classroom.assemble import one_file
    from carsim.dataset.store import write_atomically

    if out.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"--export: got {out}; expected a file that ends in .html, for example classroom.html.")
    text = one_file(start)
    refuse_another(out, text, force=force)
    write_atomically(out, lambda path: path.write_text(text, encoding="utf-8", newline="\n"))
    if not quiet:
        click.echo(f"Wrote {out}: {len(text.encode()) / 1000:.0f} kB, works offline in any browser", err=True)
    return DONE


def refuse_another(out: Path, text: str, *, force: bool) -> None:
    """Raise OutputRefused where a link, a folder or a file lies that this page may not replace."""
    from carsim.dataset.store import OutputRefused

    if out.is_symlink() or out.is_dir():
        raise OutputRefused(f"{out} is a {'link' if out.is_symlink() else 'folder'}; name the file itself")
    if not out.exists():
        return
    there = out.read_text(encoding="utf-8", errors="replace")
    if MARK not in there:
        raise OutputRefused(f"{out} exists and is not a page of carsim; it stays as it is: choose another --export")
    if there != text and not force:
        raise OutputRefused(f"{out} holds another page; choose another --export, or replace it with --force")


def serve(start: str, host: str, port: int, *, browser: bool, quiet: bool) -> int:
    """Serve the page until Ctrl-C."""
    import webbrowser

    from carsim.classroom.assemble import parts
    from carsim.classroom.server import Server

    with Server(parts(start), host, port) as server:
        click.echo(server.address)
        if not quiet:
            click.echo("The classroom is at this address until Ctrl-C; it computes in the browser.", err=True)
        if browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return DONE
    return DONE
