"""Evaluate a network once, without taking a step: derived parameters, rates, right-hand side and matrix."""

from carsim.engines.kernels.happenings import show_state
from carsim.engines.kernels.lanes import bare, kernel
from carsim.engines.kernels.program import run
from carsim.engines.kernels.views import viewed


def probe(lanes, values, partials, space, layout, programs):
    """Evaluate everything at the states in the state rows of the workspace, in place."""
    evaluate(lanes, values, partials, bare(space), viewed(layout), viewed(bare(programs)))


@kernel
def evaluate(lanes, values, partials, workspace, layout, programs):
    """The same on bare pointers."""
    show_state(lanes, workspace, layout)
    run(lanes, values, workspace, programs.derived)
    run(lanes, values, workspace, programs.rates)
    run(lanes, partials, workspace, programs.matrix)
