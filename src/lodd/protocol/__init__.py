"""The trial as a value.

`trial.toml` becomes a frozen :class:`Trial` (:func:`load_trial`, with every problem named by file and line), which is
hashed in a canonical form (:func:`protocol_sha256`), frozen before the results are seen (:func:`write_lock`) and
compared with that afterwards (:func:`compare`). Everything else in Lodd derives from the Trial: nothing is said twice.
The room also holds the frozen values that other rooms exchange: :class:`Participants` and :class:`Panel`.
"""

from lodd.protocol.canonical import canonical, protocol_sha256
from lodd.protocol.covariate import Baseline
from lodd.protocol.fidelity import FIDELITY_FILE, fidelity_from, read_fidelity
from lodd.protocol.loading import PROTOCOL_FILE, Loaded, load_trial, parse_trial
from lodd.protocol.lock import (
    LOCK_FILE,
    Lock,
    Prespecification,
    compare,
    lock_sha256,
    primary_entry,
    read_lock,
    read_lock_file,
    write_lock,
)
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, first_day, last_day, month_index, whole_months
from lodd.protocol.participants import (
    PARTICIPANTS_FILE,
    participants_from,
    read_participants,
    write_participants,
)
from lodd.protocol.schedule import Period, office_periods, period_on
from lodd.protocol.types import FidelityScores, Panel, Participants, RegisterNote

__all__ = [
    "FIDELITY_FILE",
    "LOCK_FILE",
    "PARTICIPANTS_FILE",
    "PROTOCOL_FILE",
    "Baseline",
    "FidelityScores",
    "Loaded",
    "Lock",
    "MonthRange",
    "Panel",
    "Participants",
    "Period",
    "Prespecification",
    "RegisterNote",
    "Trial",
    "canonical",
    "compare",
    "fidelity_from",
    "first_day",
    "last_day",
    "load_trial",
    "lock_sha256",
    "month_index",
    "office_periods",
    "parse_trial",
    "participants_from",
    "period_on",
    "primary_entry",
    "protocol_sha256",
    "read_fidelity",
    "read_lock",
    "read_lock_file",
    "read_participants",
    "whole_months",
    "write_lock",
    "write_participants",
]
