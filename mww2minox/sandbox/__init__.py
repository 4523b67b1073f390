"""Both vendors' APIs over HTTP on loopback: a stand-in for Mijnwebwinkel and Minox.

`Sandbox` serves a webshop with sample orders and an administration that books like the real one
refuses to: unbalanced batches, closed periods, unknown accounts. The readings that the vendors
leave undefined are switches (`Settings`), and what goes wrong on a network is a list (`Fault`).
Nothing here comes from the rest of the package, so that a mistake there cannot hide in its own
stand-in.
"""

from mww2minox.sandbox.bulk import many_orders
from mww2minox.sandbox.faults import Fault
from mww2minox.sandbox.gate import Request
from mww2minox.sandbox.samples import SAMPLES, Expected, ExpectedLine, Sample, samples
from mww2minox.sandbox.sandbox import Sandbox
from mww2minox.sandbox.settings import Settings

__all__ = [
    "SAMPLES",
    "Expected",
    "ExpectedLine",
    "Fault",
    "Request",
    "Sample",
    "Sandbox",
    "Settings",
    "many_orders",
    "samples",
]
