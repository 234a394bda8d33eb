"""`carsim schema`: the JSON Schema of scenario files, for editors that check while one types."""

from __future__ import annotations

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json


@click.command("schema")
@options.told
def command(quiet: bool, verbose: bool, debug: bool) -> int:
    """Print the JSON Schema of scenario files."""
    from carsim import spec

    print_json(spec.json_schema())
    return DONE
