"""The table of commands: name, module, and one line of help; a module is imported when its command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from carsim.cli.exits import ReaderGone
from carsim.errors import nearest

COMMANDS = {
    "run": ("carsim.cli.run", "Simulate a scenario or a published model: result file, figure, summary."),
    "trial": ("carsim.cli.trial", "Conduct a virtual trial: arms, response, survival, relapse, figures."),
    "compare": ("carsim.cli.compare", "Simulate the same patients under several strategies, and how they differ."),
    "calibrate": ("carsim.cli.calibrate", "Fit the free parameters of a study to published facts."),
    "sweep": ("carsim.cli.sweep", "Simulate a scenario at many points into a store, here or on a cluster."),
    "sensitivity": ("carsim.cli.sensitivity", "Say which values decide on an endpoint: Sobol's or Morris' indices."),
    "scorecard": ("carsim.cli.scorecard", "Set every published fact beside what simulated trials say."),
    "validate": ("carsim.cli.validate", "Check a scenario; print the complete resolved form."),
    "show": ("carsim.cli.show", "Print the model: species, reactions, equations, parameters."),
    "list": ("carsim.cli.listing", "List products, populations, scenarios, parameters, systems or literature."),
    "init": ("carsim.cli.init", "Write a commented scenario to start from."),
    "schema": ("carsim.cli.schema", "Print the JSON Schema of scenario files, for editors."),
    "export": ("carsim.cli.export", "Write a model, its doses or a result for other tools: SBML, COMBINE, tables."),
    "lab": ("carsim.cli.lab", "The classroom: antigen escape in one page that works offline."),
    "selftest": ("carsim.cli.selftest", "Check this installation: sixty checks, three trials, a dated report."),
    "info": ("carsim.cli.info", "Versions, cores and the cache of compiled kernels."),
}


class Table(click.Group):
    """A group that knows its commands from the table alone, so that `carsim --help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of this name; a usage error for any other."""
        if cmd_name not in COMMANDS:
            meant = nearest(cmd_name, COMMANDS)
            hint = f"; did you mean `{meant}`?" if meant else f"; it has {', '.join(COMMANDS)}."
            raise click.UsageError(f"carsim has no command `{cmd_name}`{hint}")
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would turn a reader that went away into exit status 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as gone:
            raise ReaderGone from gone

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and lines of help, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from carsim.dataset.provenance import version

        click.echo(f"carsim {version()}")
        ctx.exit()


@click.group(cls=Table, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
def root() -> None:
    """Simulate CAR T-cell kinetics in B-cell acute lymphoblastic leukaemia.

    Research and teaching only: not for the treatment of any patient.
    """
