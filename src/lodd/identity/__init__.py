"""Who a person is, and how little of it the rest of the house needs to know.

A caseworker gives a national identity number; this room reads it (:func:`parse_identity_number`, with errors that help
on the phone), and turns it into two pseudonyms under two keys: ``lot_id`` for the ledger of draws, ``person_id`` for
the registers. The number itself is kept only sealed (:class:`Sealer`). Keys never leave :mod:`lodd.identity.keys`:
other rooms hold a :class:`KeyRing` that computes codes and signatures and shows nothing. An installation is for real
people (``production``) or for synthetic ones (``test``), never both; the keys know which, and refuse the other kind.
"""

from lodd.identity.generate import synthetic_number, synthetic_numbers
from lodd.identity.keys import (
    GeneratedKeys,
    KeyKind,
    KeyMaterialError,
    KeyRing,
    RevealedDrawKey,
    add_sealing_key,
    generate_keys,
    load_keys,
    read_commitments,
    read_revealed_key,
    reveal_draw_key,
    simulation_keys,
)
from lodd.identity.numbers import IdentityNumber, check_drawable, check_setting, parse_identity_number
from lodd.identity.rules import ControlRule, Kind, Setting, Slip, Synthetic
from lodd.identity.sealing import Sealer, SealError
from lodd.identity.signatures import verify_signature
from lodd.identity.slips import Hint, IdentityNumberError

__all__ = [
    "ControlRule",
    "GeneratedKeys",
    "Hint",
    "IdentityNumber",
    "IdentityNumberError",
    "KeyKind",
    "KeyMaterialError",
    "KeyRing",
    "Kind",
    "RevealedDrawKey",
    "SealError",
    "Sealer",
    "Setting",
    "Slip",
    "Synthetic",
    "add_sealing_key",
    "check_drawable",
    "check_setting",
    "generate_keys",
    "load_keys",
    "parse_identity_number",
    "read_commitments",
    "read_revealed_key",
    "reveal_draw_key",
    "simulation_keys",
    "synthetic_number",
    "synthetic_numbers",
    "verify_signature",
]
