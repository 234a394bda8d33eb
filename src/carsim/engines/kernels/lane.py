"""The arrays that the solver's kernels share, as named tuples: patients, schedule, options, results, and lanes."""

from typing import Any, NamedTuple

IDLE, AT_STOP, STEPPING = 0, 1, 2

OK = 0
TOO_MANY_STEPS = 1
NOT_FINITE = 2
NEGATIVE_STATE = 3
STEP_TOO_SMALL = 4
EVENT_LOOP = 5
TOO_MANY_OCCURRENCES = 6
TOO_MANY_EVENTS = 9
NEGATIVE_RATE = 10
COUNT_TOO_LARGE = 11
TOO_MANY_CELLS = 13
NOT_PROPORTIONAL = 14

EXTINCTION, EVENT, MODE = 0, 1, 2
NOWHERE = -1


class Programs(NamedTuple):
    """What to evaluate when (see derive.tables.Program)."""

    derived: Any
    rates: Any
    matrix: Any
    watching: Any
    output: Any


class Patients(NamedTuple):
    """Start values: parameters (n, n_parameters), initial (n, n_species), skip (n), where a patient is refused."""

    count: Any
    parameters: Any
    initial: Any
    skip: Any


class Schedule(NamedTuple):
    """Changes (n, n_events), ascending in time, infinity where there is none; amounts and targets like `Change`."""

    count: Any
    time: Any
    is_parameter: Any
    target: Any
    operation: Any
    amount: Any


class Options(NamedTuple):
    """Tolerances per species, which of them are signed, which parameters feed derived ones, and caps."""

    relative: Any
    absolute: Any
    signed: Any
    feeds_derived: Any
    max_steps: Any


class Results(NamedTuple):
    """Output times and rows; values (n, n_times, n_rows); per patient status and counts; occurrences (n, capacity)."""

    n_times: Any
    n_rows: Any
    capacity: Any
    times: Any
    rows: Any
    values: Any
    status: Any
    status_time: Any
    status_row: Any
    steps: Any
    rejected: Any
    negative: Any
    clipped: Any
    happened: Any
    happened_time: Any
    happened_what: Any
    happened_which: Any
    happened_state: Any


class Lane(NamedTuple):
    """What each lane is doing: arrays of one value per lane, event and extinction memory (count, W).

    counted, few, unit, stream: what counts (by species; nothing does in the deterministic engine), below how many
    cells, in cells of which size, and the random numbers for it.
    """

    counted: Any
    few: Any
    unit: Any
    stream: Any
    phase: Any
    patient: Any
    time: Any
    step: Any
    tried: Any
    stop: Any
    last_reason: Any
    fresh: Any
    first: Any
    lands: Any
    short: Any
    accepted: Any
    located: Any
    refined: Any
    drained: Any
    settling: Any
    output: Any
    dose: Any
    visit: Any
    visit_end: Any
    low: Any
    high: Any
    alive: Any
    holds: Any
    armed: Any
    fired: Any
    since: Any
    last: Any
    pending: Any


class Problem(NamedTuple):
    """Everything the solver works on: the lowered network, its patients, and where results go."""

    layout: Any
    programs: Any
    factors: Any
    watch: Any
    patients: Any
    schedule: Any
    options: Any
    lane: Any
    results: Any


class Herd(NamedTuple):
    """Single cells (see `herd`): their records, `stride` 64-bit words each, three times as what may stand in them.

    members, count: of each species. sums, highest: of what their traits make. drawn, mask, turn: who of them will be
    drawn (see `records`). used, freed, free: records. occupied: who stands at each place of the lattice; standing: how
    many. log_...: by number of the cell in order of birth. kept, taken, wanted, chosen, target, known_whole: room for
    working.
    """

    capacity: Any
    stride: Any
    n_traits: Any
    n_made: Any
    record: Any
    whole: Any
    real: Any
    members: Any
    count: Any
    drawn: Any
    mask: Any
    turn: Any
    occupied: Any
    standing: Any
    target: Any
    sums: Any
    highest: Any
    used: Any
    freed: Any
    free: Any
    identity_next: Any
    kept: Any
    taken: Any
    wanted: Any
    chosen: Any
    known_whole: Any
    log_capacity: Any
    log_parent: Any
    log_species: Any
    log_clonotype: Any
    log_born: Any
    log_died: Any


class Chance(NamedTuple):
    """What an engine of chance adds: one course's stream and clock, who counts, propensities, settings and counts.

    stream: its random numbers. clock: what is left of a unit exponential. rare: species that are counted now. jumping:
    reactions that fire as jumps now. tree: propensities and their sums (see `jumps`). known: rates as last looked at.
    drift: how much jumps have changed the rates of the equations in this step; slack: how much they may. heard: what
    each listener was when what stands behind it was last evaluated. close: reactions by which a condition can come to
    hold that was near its threshold. owner, number: per reaction, and trend, spread, lost, per species: room for
    working. threshold, most_jumps, epsilon, drift_limit, stale, hazard_tolerance: see `engines.courses`. scale:
    propensity over rate: 1, but for single cells. individuals: whether there are any, in herd; weight: cells that each
    stands for. events, withheld, done: per course. stop: set from outside to end after the present course.
    """

    seed: Any
    purpose: Any
    patient: Any
    replicate: Any
    stream: Any
    clock: Any
    rare: Any
    jumping: Any
    size: Any
    depth: Any
    tree: Any
    known: Any
    drift: Any
    slack: Any
    heard: Any
    close: Any
    scale: Any
    weight: Any
    individuals: Any
    herd: Any
    owner: Any
    number: Any
    trend: Any
    spread: Any
    lost: Any
    threshold: Any
    most_jumps: Any
    epsilon: Any
    drift_limit: Any
    stale: Any
    hazard_tolerance: Any
    most_events: Any
    events: Any
    withheld: Any
    done: Any
    stop: Any
