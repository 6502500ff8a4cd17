"""The draw as a value: who gets which arm, with which probability, and in which stratum; and the same draws again.

:class:`Design` is made from the trial, for any number of arms. Its :class:`Sequencer` is the one mechanism that draws
lots, one after the other, from the draw key, the lock and public beacons: live draw, verifier and simulator
all drive it, so that each finds the same arms. ``Design.redraw`` asks the same mechanism for other allocations of
the actual participants (:class:`DrawHistory`), for inference.

Methods: ``keyed`` (an independent lot per person with exact probabilities), ``complete`` (a nominated batch with fixed
numbers per arm), ``blocks`` (permuted blocks of random size within strata), ``minimisation`` (Pocock and Simon, biased
coin), and ``external``, which Lodd can redraw by assumption but never draws.

A live draw is a :class:`DrawService`: every answer is an event of the ledger, an append-only chain of hashes, before
anybody hears it. :func:`verify` recomputes everything afterwards from the ledger, the lock, the revealed key and a
signed :class:`Checkpoint` kept outside, and says what is proven and what is not. Slips for outages are issued and
reconciled by :func:`issue_slips` and :func:`reconcile`; :func:`simulate_ledger` records the draws of invented people.
"""

from lodd.allocation.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from lodd.allocation.design import Design
from lodd.allocation.details import DETAILS_FILE, Details, read_details
from lodd.allocation.events import AmendedRow, Close, Draw, Event, OutageUsed
from lodd.allocation.findings import Finding
from lodd.allocation.history import DrawHistory
from lodd.allocation.ledger import LEDGER_FILE, read_ledger, set_torn_aside, write_ledger
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.outage import (
    Reconciliation,
    SlipOutcome,
    SlipRow,
    SlipSheet,
    issue_slips,
    reconcile,
    record_slip,
    unaccounted_slips,
    void_slips,
)
from lodd.allocation.outage_sheet import sheet_html
from lodd.allocation.places import drawn_places
from lodd.allocation.receipts import find_receipt, receipt_of
from lodd.allocation.recording import SimulatedLedger, record_draws, simulate_ledger
from lodd.allocation.redraw import marginal_by_redraws
from lodd.allocation.rules import UnsupportedMethodError
from lodd.allocation.sequencer import Sequencer
from lodd.allocation.service import DrawAnswer, DrawService, amended_row
from lodd.allocation.store import FolderStore, LedgerStore, StoreTurn
from lodd.allocation.urns import FIXED
from lodd.allocation.verification import Verification
from lodd.allocation.verify import verify

__all__ = [
    "DETAILS_FILE",
    "FIXED",
    "LEDGER_FILE",
    "AmendedRow",
    "Checkpoint",
    "Close",
    "Design",
    "Details",
    "Draw",
    "DrawAnswer",
    "DrawHistory",
    "DrawRequest",
    "DrawService",
    "Event",
    "Finding",
    "FolderStore",
    "LedgerStore",
    "Lot",
    "Mac",
    "OutageUsed",
    "Reconciliation",
    "Sequencer",
    "SimulatedLedger",
    "SlipOutcome",
    "SlipRow",
    "SlipSheet",
    "StoreTurn",
    "UnsupportedMethodError",
    "Verification",
    "amended_row",
    "drawn_places",
    "find_receipt",
    "issue_slips",
    "marginal_by_redraws",
    "read_checkpoint",
    "read_details",
    "read_ledger",
    "receipt_of",
    "reconcile",
    "record_draws",
    "record_slip",
    "set_torn_aside",
    "sheet_html",
    "simulate_ledger",
    "unaccounted_slips",
    "verify",
    "void_slips",
    "write_checkpoint",
    "write_ledger",
]
