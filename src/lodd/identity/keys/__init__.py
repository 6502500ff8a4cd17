"""Key material: the only part of the house that reads it. Everyone else is handed a :class:`KeyRing`, which computes.

Five keys of 256 random bits: ``draw`` (the lots), ``lot_pseudonym`` and ``person_pseudonym`` (a person's name in the
ledger and in the registers), ``sealing`` (identities at rest; rotates), ``checkpoint`` (signs the ledger's state). They
lie one in a file, in a folder that only its owner can read, or in variables ``LODD_KEY_*``; never in arguments, logs,
errors or a database. A set of keys belongs to one trial and one setting, production or test.

What this cannot do: Python cannot wipe a key from memory, and whoever is root on the running machine can read it there.
"""

from lodd.identity.keys.generation import (
    GeneratedKeys,
    add_sealing_key,
    generate_keys,
    read_commitments,
    simulation_keys,
)
from lodd.identity.keys.loading import load_keys
from lodd.identity.keys.problems import KeyMaterialError, KeyProblem
from lodd.identity.keys.record import KEY_KINDS, KeyKind
from lodd.identity.keys.revealed import RevealedDrawKey, read_revealed_key, reveal_draw_key
from lodd.identity.keys.ring import KeyRing

__all__ = [
    "KEY_KINDS",
    "GeneratedKeys",
    "KeyKind",
    "KeyMaterialError",
    "KeyProblem",
    "KeyRing",
    "RevealedDrawKey",
    "add_sealing_key",
    "generate_keys",
    "load_keys",
    "read_commitments",
    "read_revealed_key",
    "reveal_draw_key",
    "simulation_keys",
]
