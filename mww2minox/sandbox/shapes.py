"""The two forms in which the shop writes an order: as it answers, and as its document says.

Source: shop/api.md, "Live and documented shapes".
"""

from typing import Any

AMOUNTS = frozenset({"amount", "amount_including_tax", "total", "rate"})


def live(
    order: dict[str, Any], *, numbers: bool = False, changed_may_be_empty: bool = False
) -> dict[str, Any]:
    """Return an order as the service answers: one price is an object, no country a list."""
    shown = _filled(order, empty="" if changed_may_be_empty else None)

    shown["orderlines"] = [_unpacked(line, "price") for line in shown.get("orderlines", [])]
    shown["shipping"] = [
        {"country": part.get("country") or []} for part in shown.get("shipping", [])
    ]
    if "price" in shown:
        shown["price"] = _unpacked(shown["price"], "tax")

    if numbers:
        return {name: _as_numbers(part, name) for name, part in shown.items()}
    return shown


def document(order: dict[str, Any], *, changed_may_be_empty: bool = False) -> dict[str, Any]:
    """Return an order with the types of the vendor's OpenAPI document."""
    shown = _filled(order, empty=None)
    # The document knows no empty date: the fields are absent.
    if changed_may_be_empty and not order.get("status_changed_date"):
        del shown["status_changed_date"], shown["status_changed_time"]

    for name in ("number", "credited_order_number"):
        if str(shown.get(name, "")).isdecimal():
            shown[name] = int(shown[name])
    shown["credit_order_numbers"] = [
        int(number) for number in shown.get("credit_order_numbers", [])
    ]

    shown["shipping"] = [
        {"country": part["country"]} if part.get("country") else {}
        for part in shown.get("shipping", [])
    ]
    return shown


def _filled(order: dict[str, Any], *, empty: str | None) -> dict[str, Any]:
    """Leave out what is missing, and fill the moment of a status that never changed.

    `empty` is what stands there; None for the moment of the order itself.
    """
    shown = {name: value for name, value in order.items() if value is not None}
    # The mark of a test order is the sandbox' own; payments have an address of their own.
    for name in ("test", "payments"):
        shown.pop(name, None)

    if not order.get("status_changed_date"):
        shown["status_changed_date"] = order["date"] if empty is None else empty
        shown["status_changed_time"] = order["time"] if empty is None else empty
    return shown


def _unpacked(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Turn a list of one price into that price."""
    prices = holder.get(name)
    if isinstance(prices, list) and len(prices) == 1:
        return holder | {name: prices[0]}
    return holder


def _as_numbers(value: object, name: str = "") -> object:
    """Turn every amount and rate, known by its name, into a number."""
    if isinstance(value, dict):
        return {inner: _as_numbers(part, inner) for inner, part in value.items()}
    if isinstance(value, list):
        return [_as_numbers(part) for part in value]
    return _number(value) if name in AMOUNTS and isinstance(value, str) else value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
