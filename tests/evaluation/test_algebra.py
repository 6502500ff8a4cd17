"""The linear algebra library uses one thread while a trial is evaluated, and as many as before afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from lodd.evaluation import evaluate
from lodd.evaluation.algebra import one_thread
from lodd.locale import Text
from lodd.protocol.lock import Prespecification
from tests.report.builders import se_world


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def some_threads() -> Iterator[None]:
    with threadpool_limits(limits=2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this linear algebra library cannot be told")
        yield


def test_a_block_and_what_comes_after_it() -> None:
    with one_thread():
        assert threads() == {1}
        with one_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert threads() == {2}


def test_an_evaluation() -> None:
    world = se_world()
    seen: list[set[int]] = []

    def looked(label: Text, done: int, total: int) -> None:
        seen.append(threads())

    evaluate(world.trial, world.participants, world.panel, Prespecification(), draws=199, progress=looked)
    assert len(seen) > 1
    assert all(each == {1} for each in seen)
    assert threads() == {2}
