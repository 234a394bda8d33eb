"""Blocks cover everybody once, and an interruption begins no further one."""

import threading

import pytest

from carsim.engines import blocks
from carsim.engines.blocks import share_out


@pytest.mark.parametrize("threads", [0, 1, 2, 7])
@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 256), (32, 512)])
@pytest.mark.parametrize("count", [1, 2, 31, 33, 1000])
def test_everybody_is_in_one_block(count, least, most, threads):
    seen = []
    assert not share_out(lambda first, last: seen.append((first, last)), count, threads, least=least, most=most)
    members = sorted(k for first, last in seen for k in range(first, last))
    assert members == list(range(count))
    assert all(last - first <= most for first, last in seen)
    assert sum(last - first < least for first, last in seen) <= 1  # the last one


def test_what_fails_in_a_block_is_raised():
    def fails(first, last):
        raise ZeroDivisionError(first)

    with pytest.raises(ZeroDivisionError):
        share_out(fails, 10, 2, least=1, most=1)


def test_at_an_interruption_what_runs_is_ended_and_nothing_else_begins(monkeypatch):
    begun, running, ended = [], threading.Event(), threading.Event()

    def simulate(first, last):
        begun.append(first)
        running.set()
        assert ended.wait(timeout=60.0)

    def interrupted(blocks):
        assert running.wait(timeout=60.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(blocks, "wait", interrupted)
    assert share_out(simulate, 100, 1, least=1, most=10, interrupt=ended.set)
    assert begun == [0]
