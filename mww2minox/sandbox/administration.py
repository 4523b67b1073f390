"""The administration that the sandbox keeps: its ledger accounts, VAT codes, journals and first
customers.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

TENANT = 12345
ADMINISTRATION = 1
NUMBER_OF_PERIODS = 12
RECEIVABLES = "1300"
FIRST_CUSTOMER = 10001
LAST_CUSTOMER = 19999

_ACCOUNTS: tuple[tuple[str, str, int | None], ...] = (
    ("1300", "Debiteuren", None),
    ("1500", "Af te dragen btw 21%", None),
    ("1501", "Af te dragen btw 9%", None),
    ("1502", "Af te dragen btw Duitsland", None),
    ("1503", "Af te dragen btw België", None),
    ("1510", "Te vorderen btw", None),
    ("4990", "Afrondingsverschillen", None),
    ("8000", "Omzet 21%", 1),
    ("8010", "Omzet 9%", 2),
    ("8100", "Omzet binnen de EU, btw verlegd", 6),
    ("8200", "Omzet buiten de EU", 5),
    ("8300", "Afstandsverkopen Duitsland", 10),
    ("8310", "Afstandsverkopen België", 11),
    ("8900", "Verzendkosten", None),
    ("8910", "Betaalkosten", None),
    ("8920", "Kortingen", None),
    ("8999", "Omzet oud", None),
)
_BLOCKED_ACCOUNTS = frozenset({"8999"})

_VAT_CODES: tuple[tuple[int, str, str, str, str], ...] = (
    (1, "21.00", "Af te dragen (1a, 1b)", "1500", "Btw hoog 21%"),
    (2, "9.00", "Af te dragen (1a, 1b)", "1501", "Btw laag 9%"),
    (3, "21.00", "Te vorderen (5b)", "1510", "Btw hoog inkoop"),
    (5, "0.00", "Verlegd buiten EU - levering (3a)", "1500", "Uitvoer buiten de EU"),
    (6, "0.00", "Verlegd binnen EU - levering (3b)", "1500", "Levering binnen de EU"),
    (10, "19.00", "Afstandsverkopen binnen de EU (3c)", "1502", "Duitsland 19%"),
    (11, "21.00", "Afstandsverkopen binnen de EU (3c)", "1503", "België 21%"),
)

_JOURNALS: tuple[tuple[str, str, str], ...] = (
    ("VERK", "sales", "Verkoopboek"),
    ("INK", "purchase", "Inkoopboek"),
    ("BANK", "bank", "Bank"),
    ("KAS", "cash", "Kas"),
    ("MEMO", "general", "Memoriaal"),
)

_CUSTOMERS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("10600", "Kasverkopen", "", "NL", False),
    ("10610", "Sanne Visser", "Sanne.Visser@Example.NL", "NL", False),
    ("10620", "Gedeeld Oud", "gedeeld@example.nl", "NL", True),
    ("10621", "Gedeeld Nieuw", "gedeeld@example.nl", "NL", False),
    ("10630", "Tweeling Een", "tweeling@example.nl", "NL", False),
    ("10631", "Tweeling Twee", "tweeling@example.nl", "NL", False),
    ("10640", "Wanbetaler", "geblokkeerd@example.nl", "NL", True),
    ("10650", "Zonder Nummer BV", "inkoop1059@example.com", "BE", False),
)
"""Number, name, e-mail, country, blocked."""


class Administration:
    """What Minox knows before anything is booked.

    Lists are in the form in which the API shows them.
    """

    def __init__(self, today: dt.date) -> None:
        """Open the books of this calendar year and the one before; January of the latter is
        closed.
        """
        self.fiscal_years = (today.year - 1, today.year)
        self.closed: set[tuple[int, int]] = {(today.year - 1, 1)}
        self.accounts = {account["id"]: account for account in map(_account, _ACCOUNTS)}
        self.vat_codes = {code["id"]: code for code in map(_vat_code, _VAT_CODES)}
        self.journals = {journal["id"]: journal for journal in map(_journal, _JOURNALS)}
        self.payment_terms = {
            days: {"id": days, "description": f"{days} dagen"} for days in (14, 30)
        }

    def vat_code(self, code: object) -> dict[str, Any] | None:
        """Find a VAT code by its id, a number or the text of one."""
        return self.vat_codes.get(int(str(code))) if str(code).isdecimal() else None

    def period_dates(self, fiscal_year: int, period: int) -> tuple[dt.date, dt.date]:
        """Give a period's first and last day: the fiscal years here are calendar years of twelve
        months.
        """
        last = calendar.monthrange(fiscal_year, period)[1]
        return dt.date(fiscal_year, period, 1), dt.date(fiscal_year, period, last)

    def as_dict(self) -> dict[str, Any]:
        """Give the administration in the form in which the API shows it."""
        return {
            "id": ADMINISTRATION,
            "name": "Voorbeeldwinkel BV",
            "currency": {"id": "EUR"},
            "number_of_periods": NUMBER_OF_PERIODS,
            "vat_on_sub": False,
            "fiscal_years": [_fiscal_year(year) for year in self.fiscal_years],
            "ledger_accounts": {"transaction_rounding": "4990", "receivables": RECEIVABLES},
        }


def first_customers() -> dict[str, dict[str, Any]]:
    """Give the customers that are there before the first order, by number."""
    return {row[0]: _customer(*row) for row in _CUSTOMERS}


def _account(row: tuple[str, str, int | None]) -> dict[str, Any]:
    number, description, vat = row
    blocked = number in _BLOCKED_ACCOUNTS
    return {
        "id": number,
        "description": description,
        "vat": None if vat is None else {"id": vat},
        "blocked": {"active": blocked, "reason": "Niet meer gebruiken" if blocked else None},
    }


def _vat_code(row: tuple[int, str, str, str, str]) -> dict[str, Any]:
    code, percentage, kind, account, description = row
    return {
        "id": code,
        "percentage": float(percentage),
        "type": kind,
        "account_id": account,
        "description": description,
    }


def _journal(row: tuple[str, str, str]) -> dict[str, Any]:
    number, kind, description = row
    journal: dict[str, Any] = {
        "id": number,
        "type": kind,
        "description": description,
        "range": None,
    }
    if kind == "sales":
        journal["range"] = {
            "start": FIRST_CUSTOMER,
            "end": LAST_CUSTOMER,
            "is_automatically_assigned": True,
        }
    return journal


def _fiscal_year(year: int) -> dict[str, Any]:
    return {
        "fiscal_year": year,
        "number_of_periods": NUMBER_OF_PERIODS,
        "start_date": dt.date(year, 1, 1).isoformat(),
        "end_date": dt.date(year, 12, 31).isoformat(),
    }


def _customer(number: str, name: str, email: str, country: str, blocked: bool) -> dict[str, Any]:  # noqa: FBT001 - a row of the table
    emails = [{"email_address_type": "general", "email_address": email}] if email else []
    return {
        "id": number,
        "addresses": [
            {
                "address_type": "postal",
                "name": name,
                "extended_name": None,
                "contact_name": None,
                "salutation": None,
                "streetname_and_number": "Dorpsstraat 1",
                "postal_code": "1234 AB",
                "city": "Voorbeeldstad",
                "country_code": country,
                "phone_numbers": [],
                "email_addresses": emails,
            }
        ],
        "vat": {"active": False, "vat_registration_number": None},
        "blocked": {"active": blocked, "reason": "Betaalt niet" if blocked else None},
        "externalid": None,
        "language": "nl",
        "payment_term": {"id": 14},
    }
