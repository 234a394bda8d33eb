"""The direct method: every reaction fires by itself, at its exact moment.

At a state the next reaction comes after an exponential time of mean one over the total propensity, and is each with a
chance in proportion to its own. One draw for the waiting, one for which. At a stop (a dose, a visit, the end of a
delay) what is due happens at its time, everything is evaluated anew and the waiting time is drawn again, which the
exponential law allows. A condition that comes to hold does so at a reaction: there the course stops.

How it is fast (35 ns per reaction of a small network in place of 70): tables are held by value, what is called is
within the loop, nothing branches on which reaction comes, and the next waiting time is drawn before the state that it
waits in is evaluated.

Source: D. T. Gillespie, J Comput Phys 22:403 (1976).
"""

from carsim.engines.kernels.course import begin, happen, leave, write_output
from carsim.engines.kernels.happenings import dies_out, fail, is_due, revive, show_state
from carsim.engines.kernels.jumps import LARGEST_COUNT, NO_REACTION, choose, plant, renew
from carsim.engines.kernels.lane import (
    AT_STOP,
    COUNT_TOO_LARGE,
    IDLE,
    NEGATIVE_RATE,
    NEGATIVE_STATE,
    TOO_MANY_EVENTS,
)
from carsim.engines.kernels.lanes import apart, bare, kernel, within
from carsim.engines.kernels.program import run
from carsim.engines.kernels.samplers import exponential
from carsim.engines.kernels.streams import open_stream, put_back, uniform
from carsim.engines.kernels.views import held, viewed


def exact(lanes, values, space, problem, jumps, chance, first, last):
    """Simulate the courses from `first` to before `last`, one after the other."""
    simulate(lanes, values, bare(space), viewed(bare(problem)), viewed(bare(jumps)), viewed(bare(chance)), first, last)


@kernel
def simulate(lanes, values, workspace, problem, jumps, chance, first, last):
    """The same on bare pointers."""
    layout, programs, watch, schedule = problem.layout, problem.programs, problem.watch, problem.schedule
    patients, options, lane, results = problem.patients, problem.options, problem.lane, problem.results
    for course in range(first, last):
        if chance.stop[0]:
            return
        if patients.skip[course]:
            continue
        open_stream(chance.stream, chance.seed, chance.patient[course], chance.replicate[course], chance.purpose)
        begin(1, workspace, layout, watch, patients, lane, results, course, 0)
        while lane.phase[0] == AT_STOP:
            happen(lanes, values, workspace, layout, programs, watch, schedule, options, lane, results)
            lane.first[0] = False
            if lane.phase[0] == IDLE:
                break
            leave(lanes, values, workspace, layout, programs, watch, schedule, lane, results)
            if lane.phase[0] != IDLE:
                fire_until_stop(lanes, values, workspace, layout, programs, watch, lane, results, jumps, chance)
        chance.done[course] = True


@kernel
def fire_until_stop(lanes, values, workspace, layout, programs, watch, lane, results, jumps, chance):
    """Fire reactions until the next stop, the last output or a failure."""
    apart()
    show_state(lanes, workspace, layout)
    run(lanes, values, workspace, programs.rates)
    if watch.n_extinctions + watch.n_events + layout.n_modes > 0:
        run(lanes, values, workspace, programs.watching)
    bad = plant(workspace, jumps, chance, False)
    settings, known, own = held(layout), held(jumps), held(chance)
    watching, course = held(watch), held(lane)
    looked = False  # at all that is watched: whole numbers drawn at a stop may have changed any of it
    time, stop = lane.time[0], lane.stop[0]
    waiting = exponential(own.stream)
    while True:
        if bad != NO_REACTION:
            fail(lane, results, 0, NEGATIVE_RATE, layout.n_species + bad)
            return
        total = own.tree[1]
        then = time + waiting / total if total > 0.0 else stop
        if then >= stop or results.times[course.output[0]] < then:
            write_until(lanes, values, workspace, programs, lane, results, min(then, stop))
            if lane.output[0] == results.n_times:
                lane.phase[0] = IDLE
                return
            if then >= stop:
                lane.time[0] = stop
                lane.phase[0] = AT_STOP
                return
        time = then
        course.time[0] = time
        reaction = choose(own.tree, own.size, uniform(own.stream))
        waiting = exponential(own.stream)  # for the next: its logarithm is taken beside what this reaction changes
        if not fire(workspace, settings, lane, results, known, own, reaction):
            return
        bad = renew(lanes, values, workspace, known, own, reaction)
        if bad != NO_REACTION:
            continue
        due = False
        if known.conditional[reaction] or (known.watched[reaction] and not looked):
            revive(1, workspace, layout, watch, lane, 0)
            due = is_due(1, workspace, layout, watch, lane, 0)
            looked = True
        else:
            for k in range(known.touched_start[reaction], known.touched_start[reaction + 1]):
                due = due or dies_out(workspace, settings, watching, course, known.touched[k])
        if due:
            put_back(own.stream)
            lane.phase[0] = AT_STOP
            return


@kernel
def write_until(lanes, values, workspace, programs, lane, results, end):
    """Write every output before this moment: nothing has happened since the last one."""
    apart()
    while lane.output[0] < results.n_times and results.times[lane.output[0]] < end:
        run(lanes, values, workspace, programs.output)
        write_output(1, workspace, results, lane, 0)


@kernel
def fire(workspace, layout, lane, results, jumps, chance, reaction):
    """Change the state by one reaction; False where the patient fails by it."""
    within()
    course = lane.patient[0]
    chance.events[course] += 1
    if chance.events[course] > chance.most_events:
        fail(lane, results, 0, TOO_MANY_EVENTS, layout.n_species + reaction)
        return False
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        s = jumps.change_species[k]
        value = workspace[layout.state + s] + jumps.change_amount[k]
        workspace[layout.state + s] = value
        workspace[layout.species + s] = value
        if value < 0.0:
            fail(lane, results, 0, NEGATIVE_STATE, s)
            return False
        if value >= LARGEST_COUNT:
            fail(lane, results, 0, COUNT_TOO_LARGE, s)
            return False
    return True
