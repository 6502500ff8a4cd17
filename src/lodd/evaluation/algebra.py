"""The linear algebra library held to one thread: the matrices are many and narrow, and Lodd's own threads share them.

Left to itself the library starts as many threads for each of ours as there are cores; on busy cores they wait for each
other, and one evaluation took four minutes instead of one. A sum that is divided among other threads is, besides,
rounded in another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """A block, or a function as its decorator, in which the library uses one thread; then as many as before.

    Does nothing where the library cannot be told (Apple's Accelerate).
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
