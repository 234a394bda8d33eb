"""From what went wrong to an exit status and a text: the only place that knows both."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

DONE, UNEXPECTED, USAGE, SOME_FAILED, INCONSISTENT, INTERRUPTED = 0, 1, 2, 3, 5, 130


class ReaderGone(Exception):  # noqa: N818  (an event, not an error)
    """Whoever read standard output has closed it."""


def guarded(call: Callable[[], int], *, debug: bool) -> int:
    """Call a command and return its exit status; errors become one clear text on standard error.

    With `debug`, an error is raised as it is, so that its traceback shows.
    """
    import click

    from carsim.errors import CarsimError

    try:
        status = call()
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("carsim: interrupted", err=True)
        return INTERRUPTED
    except (BrokenPipeError, ReaderGone):
        # The reader went away (`carsim list | head`): nobody is left to tell, and the interpreter must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except CarsimError as error:
        if debug:
            raise
        click.echo(f"carsim: {error}" if "\n" not in str(error) else f"carsim:\n{error}", err=True)
        return error.exit_status
    except OSError as error:
        if debug:
            raise
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        click.echo(f"carsim: {what}", err=True)
        return USAGE
    except MemoryError:
        if debug:
            raise
        click.echo("carsim: out of memory; ask for fewer patients or a shorter run", err=True)
        return 4
    except Exception as error:
        if debug:
            raise
        click.echo(f"carsim: unexpected error: {type(error).__name__}: {error}", err=True)
        click.echo("Run the command again with --debug to see where, and please report it.", err=True)
        return UNEXPECTED
    return status
