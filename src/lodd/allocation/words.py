"""The random numbers of redraws: each redraw has its own, whatever is computed together with it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.errors import Problem, UsageError
from lodd.locale import Text

Words = NDArray[np.uint32]
_WORDS_A_COUNTER: Final = 8
"""One counter of Philox gives four words of 64 bits."""
_SEEDS: Final = 1 << 64


def words(seed: int, first: int, count: int, width: int) -> Words:
    """(count, width) words of 32 bits, uniform: those of redraws ``first`` to ``first + count - 1``.

    Philox (Salmon and others 2011) is a function of a key and a counter. Redraw i owns the counters from i s on, where
    s is how many of them ``width`` words take; so its words do not depend on which redraws are asked for together.

    Raises:
        UsageError: the seed is not a whole number of at most 64 bits.
    """
    if not 0 <= seed < _SEEDS:
        found = Text(nb=f"frøet {seed} kan ikke brukes", en=f"the seed {seed} cannot be used")
        raise UsageError(Problem(found, "seed", Text.same("0 – 18446744073709551615")))
    counters = -(-width // _WORDS_A_COUNTER)
    stream = np.random.Philox(counter=first * counters, key=seed)
    raw = stream.random_raw(count * counters * _WORDS_A_COUNTER // 2)
    halves = raw.astype("<u8", copy=False).view("<u4").reshape(count, -1)
    return halves[:, :width].astype(np.uint32, copy=False)
