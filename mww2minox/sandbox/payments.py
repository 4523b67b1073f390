"""How an order was paid, as the shop's list of its payments tells it.

Source: shop/api.md, "How it was paid". Prices are in cents.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mww2minox.sandbox.order_parts import NAMESPACE
from mww2minox.sandbox.settings import Payments
from mww2minox.sandbox.shop import ZONE

EMBEDDABLE = frozenset({"mutations", "properties", "order"})
METHODS = {"ideal": "ideal:ideal_INGBNL2A"}
"""How the list names a way of paying, where it says more than the order."""

MUTATIONS: dict[str, tuple[str, ...]] = {
    "authorized": ("authorize",),
    "captured": ("authorize", "capture"),
    "refunded": ("authorize", "capture", "refund"),
    "voided": ("authorize", "void"),
    "failed": ("failed",),
}
"""What happened to a payment, by the order's `payment_status`; to others nothing yet."""


def payments(
    order: Mapping[str, Any], reading: Payments, *, embed: Sequence[str], store: str
) -> list[dict[str, Any]]:
    """Return an order's payments, the oldest first; `embed` are the parts that were asked for.

    An order's own `payments`, a list of `{gateway, method, mutations}`, go before what follows from
    its `payment` and its `payment_status`.
    """
    made = order.get("payments")
    if made is None:
        made = _by_status(order, reading)

    return [_payment(order, place, part, embed, store) for place, part in enumerate(made)]


def _by_status(order: Mapping[str, Any], reading: Payments) -> list[dict[str, Any]]:
    summary = order.get("payment")
    # Nothing is paid on credit orders and on orders of 0.00.
    if not summary or reading == "none":
        return []

    method = str(summary.get("method_name"))
    as_told = {
        "gateway": summary.get("gateway_name"),
        "method": METHODS.get(method, method),
        "mutations": MUTATIONS.get(str(order.get("payment_status")), ()),
    }
    failed = {"gateway": "paypal", "method": "paypal", "mutations": MUTATIONS["failed"]}

    match reading:
        case "failed":
            return [as_told | {"mutations": MUTATIONS["failed"]}]
        case "retried":
            return [failed, as_told]
        case _:
            return [as_told]


def _payment(
    order: Mapping[str, Any],
    place: int,
    part: Mapping[str, Any],
    embed: Sequence[str],
    store: str,
) -> dict[str, Any]:
    identity = str(uuid.uuid5(NAMESPACE, f"order {order['number']} payment {place}"))
    moment = dt.datetime.fromisoformat(f"{order['date']} {order['time']}").replace(tzinfo=ZONE)
    created = (moment + dt.timedelta(minutes=place)).isoformat()
    price = int(Decimal(str((order.get("price") or {}).get("total") or 0)) * 100)

    shown: dict[str, Any] = {
        "id": identity,
        "gateway": part.get("gateway"),
        "method": part.get("method"),
        "gatewayReference": f"ord_{identity[:6]}",
        "price": price,
        "currency": order.get("currency") or "EUR",
        "storeId": store,
        "reference": str(uuid.uuid5(NAMESPACE, identity)),
        "isTest": bool(order.get("test")),
        "createdAt": created,
        "updatedAt": created,
    }

    # What happened to a payment is told only to who asks for it.
    parts = {
        "mutations": [_mutation(kind, price, created) for kind in part.get("mutations") or ()],
        "properties": {},
        "order": {"price": price},
    }
    return shown | {name: value for name, value in parts.items() if name in embed}


def _mutation(kind: str, price: int, created: str) -> dict[str, Any]:
    return {
        "id": 1 + [*MUTATIONS["refunded"], "void", "failed"].index(kind),
        "type": kind,
        "reference": None,
        "price": price,
        "description": None,
        "createdAt": created,
        "expiresAt": None,
    }
