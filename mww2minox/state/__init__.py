"""The state file: orders, the bookings that were sent, customers, tokens, runs and notes.

The only package that speaks SQL: `store.py`, over the file that `file.py` opens and `tables.py`
brings up to date; what comes out are the values of `stored.py`.
"""

from mww2minox.state.figures import MonthFigure, PastRun, StateSum, VatFigure
from mww2minox.state.store import Store
from mww2minox.state.stored import (
    A_DAY,
    EMPTIED,
    Exchange,
    LastRun,
    OrderNow,
    PastRuns,
    ProvenOrder,
    ReadOrder,
    RememberedCustomer,
    StoredBooking,
    StoredOrder,
    StoredProof,
    StoredViesAnswer,
    Tokens,
)

__all__ = [
    "A_DAY",
    "EMPTIED",
    "Exchange",
    "LastRun",
    "MonthFigure",
    "OrderNow",
    "PastRun",
    "PastRuns",
    "ProvenOrder",
    "ReadOrder",
    "RememberedCustomer",
    "StateSum",
    "Store",
    "StoredBooking",
    "StoredOrder",
    "StoredProof",
    "StoredViesAnswer",
    "Tokens",
    "VatFigure",
]
