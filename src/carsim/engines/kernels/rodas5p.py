"""Rodas5P: a stiffly accurate Rosenbrock method of order 5 with 8 stages, for y' = f(y) with J = df/dy.

    (I / (gamma h) - J) u_i = f(y + sum_{j<i} a_ij u_j) + sum_{j<i} (c_ij / h) u_j
    y(t + h) = y + sum_j a_8j u_j + u_8,   embedded solution of order 4: without u_8, so u_8 is the error estimate
    y(t + s h) = (1 - s) y + s (y1 + (1 - s) (k_1 + s (k_2 + s k_3))),   k_m = sum_j d_mj u_j       dense, order 4

Source of the method and its numbers: G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical
benchmarks within the Julia Differential Equations package, BIT Numerical Mathematics 63:27 (2023). Stages 6, 7 and 8
start from the same sum, to which u_6 and u_7 are added with weight one.
"""

import numpy as np

from carsim.engines.kernels.lanes import apart, kernel, larger, load, splat, store, weighted
from carsim.engines.kernels.linear import solve_linear
from carsim.engines.kernels.program import run

STAGES = 8
ORDER = 5
GAMMA = 0.21193756319429014

_SIXTH = (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946)

A = np.array(
    [
        (0.0,) * 8,
        (3.0,) + (0.0,) * 7,
        (2.849394379747939, 0.45842242204463923) + (0.0,) * 6,
        (-6.954028509809101, 2.489845061869568, -10.358996098473584) + (0.0,) * 5,
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641) + (0.0,) * 4,
        (*_SIXTH, 0.0, 0.0, 0.0),
        (*_SIXTH, 1.0, 0.0, 0.0),
        (*_SIXTH, 1.0, 1.0, 0.0),
    ]
)

C = np.array(
    [
        (0.0,) * 8,
        (-14.155112264123755,) + (0.0,) * 7,
        (-17.97296035885952, -2.859693295451294) + (0.0,) * 6,
        (147.12150275711716, -1.41221402718213, 71.68940251302358) + (0.0,) * 5,
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306) + (0.0,) * 4,
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471, 0, 0, 0),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
            0.0,
            0.0,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
            0.0,
        ),
    ]
)

DENSE = np.array(
    [
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ]
)


def _stage(i):
    """The kernel of stage i, whose sums are straight lines.

    Stages 7 and 8 go on from the sum of the one before, which still stands in the species rows.
    """
    continues = i > 5
    of_state = weighted(A[i, i - 1 : i] if continues else A[i, :i])
    of_slope = weighted(C[i, :i])
    skipped = i - 1 if continues else 0

    @kernel
    def stage(lanes, values, workspace, layout, rates, factors):
        apart()
        n, first, own = layout.n_species, layout.stages, layout.stages + i * layout.n_species
        start = layout.species if continues else layout.state
        for s in range(n):
            total = of_state(load(lanes, workspace, start + s), workspace, first + skipped * n + s, n)
            store(workspace, layout.species + s, total)
            store(workspace, own + s, of_slope(splat(lanes, 0.0), workspace, first + s, n))
        run(lanes, values, workspace, rates)
        inverse_step = load(lanes, workspace, layout.inverse_step)
        for s in range(n):
            slope = load(lanes, workspace, layout.derivative + s)
            total = load(lanes, workspace, own + s)
            store(workspace, layout.right_side + s, slope + total * inverse_step)
        finish_stage(lanes, workspace, layout, factors, own)

    return stage


@kernel
def finish_stage(lanes, workspace, layout, factors, own):
    """Solve for the stage whose right side is set, and keep it at `own`."""
    n, zero = layout.n_species, splat(lanes, 0.0)
    for s in range(n, layout.n_unknowns):
        store(workspace, layout.right_side + s, zero)
    solve_linear(lanes, workspace, factors, layout.inverse, layout.right_side)
    for s in range(n):
        store(workspace, own + s, load(lanes, workspace, layout.right_side + s))


_SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH_STAGE, _SEVENTH, _EIGHTH = (_stage(i) for i in range(1, STAGES))


@kernel
def stages(lanes, values, workspace, layout, rates, factors):
    """All stages of one step from `layout.state`, with f already at `layout.derivative` and the matrix factorised.

    Leaves u_1..u_8 at `layout.stages` and the new state at `layout.candidate`.
    """
    apart()
    n = layout.n_species
    for s in range(n):
        store(workspace, layout.right_side + s, load(lanes, workspace, layout.derivative + s))
    finish_stage(lanes, workspace, layout, factors, layout.stages)
    _SECOND(lanes, values, workspace, layout, rates, factors)
    _THIRD(lanes, values, workspace, layout, rates, factors)
    _FOURTH(lanes, values, workspace, layout, rates, factors)
    _FIFTH(lanes, values, workspace, layout, rates, factors)
    _SIXTH_STAGE(lanes, values, workspace, layout, rates, factors)
    _SEVENTH(lanes, values, workspace, layout, rates, factors)
    _EIGHTH(lanes, values, workspace, layout, rates, factors)
    for s in range(n):
        last = load(lanes, workspace, layout.stages + (STAGES - 1) * n + s)
        store(workspace, layout.candidate + s, load(lanes, workspace, layout.species + s) + last)


_FIRST_COEFFICIENT, _SECOND_COEFFICIENT, _THIRD_COEFFICIENT = (weighted(row) for row in DENSE)


@kernel
def dense_coefficients(lanes, workspace, layout):
    """Coefficients k_1..k_3 of the dense output at `layout.dense`."""
    apart()
    n, first, zero = layout.n_species, layout.stages, splat(lanes, 0.0)
    for s in range(n):
        store(workspace, layout.dense + s, _FIRST_COEFFICIENT(zero, workspace, first + s, n))
        store(workspace, layout.dense + n + s, _SECOND_COEFFICIENT(zero, workspace, first + s, n))
        store(workspace, layout.dense + 2 * n + s, _THIRD_COEFFICIENT(zero, workspace, first + s, n))


@kernel
def dense_state(lanes, workspace, layout, signed):
    """Set the species rows to the state at the share of the step that row `layout.share` holds for each lane.

    Where interpolation falls below zero, a species that is not signed is zero.
    """
    apart()
    n = layout.n_species
    share, zero = load(lanes, workspace, layout.share), splat(lanes, 0.0)
    rest = 1.0 - share
    for s in range(n):
        k1 = load(lanes, workspace, layout.dense + s)
        k2 = load(lanes, workspace, layout.dense + n + s)
        k3 = load(lanes, workspace, layout.dense + 2 * n + s)
        start, end = load(lanes, workspace, layout.state + s), load(lanes, workspace, layout.candidate + s)
        value = start + share * ((end - start) + rest * (k1 + share * (k2 + share * k3)))  # a constant stays one
        if not signed[s]:
            value = larger(value, zero)
        store(workspace, layout.species + s, value)
