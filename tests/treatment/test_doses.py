"""Doses and infusions become one sorted schedule with exact totals."""

import numpy as np

from carsim.treatment.doses import Dose, Infusion, schedule


def changes_of(plan, patient):
    rows = [plan.rows[k] for k in plan.targets[patient]]
    return list(zip(plan.times[patient], rows, plan.operations[patient], plan.amounts[patient], strict=True))


def test_overlapping_infusions_sum_and_return_to_exactly_zero():
    first = Infusion("drug.input", np.array([0.0]), 1.0, np.array([0.1]), "drug")
    second = Infusion("drug.input", np.array([0.5]), 1.0, np.array([0.2]), "drug")
    plan = schedule([first, second], 1)
    assert [(time, amount) for time, _, _, amount in changes_of(plan, 0)] == [
        (0.0, 0.1),
        (0.5, 0.1 + 0.2),
        (1.0, 0.2),
        (1.5, 0.0),
    ]
    assert set(plan.operations.ravel()) == {1}


def test_infusion_that_starts_as_another_stops_leaves_no_gap():
    parts = [Infusion("drug.input", np.array([float(k)]), 1.0, np.array([3.0]), "drug") for k in range(3)]
    totals = {time: amount for time, _, _, amount in changes_of(schedule(parts, 1), 0)}
    assert totals == {0.0: 3.0, 1.0: 3.0, 2.0: 3.0, 3.0: 0.0}


def test_each_patient_is_sorted_by_own_times_and_equal_times_keep_file_order():
    early = Dose("a", np.array([2.0, 0.0]), np.array([1.0, 10.0]), "one")
    late = Dose("b", np.array([1.0, 0.0]), np.array([2.0, 20.0]), "two")
    plan = schedule([early, late], 2)
    assert [row for _, row, _, _ in changes_of(plan, 0)] == ["b", "a"]
    assert [row for _, row, _, _ in changes_of(plan, 1)] == ["a", "b"]


def test_patient_who_is_not_given_it_has_no_time():
    dose = Dose("a", np.array([1.0, 1.0]), np.array([5.0, 5.0]), "one").only(np.array([True, False]))
    plan = schedule([dose], 2)
    assert plan.times[0, 0] == 1.0
    assert np.isnan(plan.times[1, 0])


def test_no_changes_is_an_empty_schedule():
    assert schedule([], 3).times.shape == (3, 0)
