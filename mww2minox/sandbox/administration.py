"""The sandbox' administration: its ledger accounts, VAT codes, journals and first customers.

The fields are those of minox/api.md, "Lists" and "Customers".
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

TENANT = 12345
ADMINISTRATION = 1
NUMBER_OF_PERIODS = 12
RECEIVABLES = "1300"
FIRST_CUSTOMER = 10001
LAST_CUSTOMER = 19999


@dataclass(frozen=True)
class _LedgerAccount:
    number: str
    description: str
    vat_code: int | None = None
    blocked: bool = False

    def as_dict(self) -> dict[str, Any]:
        vat = None if self.vat_code is None else {"id": self.vat_code}
        reason = "Niet meer gebruiken" if self.blocked else None
        return {
            "id": self.number,
            "description": self.description,
            "vat": vat,
            "allow_free_vat_input": True,
            "blocked": {"active": self.blocked, "reason": reason},
        }


@dataclass(frozen=True)
class _VatCode:
    number: int
    percentage: float
    kind: str
    """The box of the VAT return, in Minox' words."""
    ledger_account: str
    description: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "percentage": self.percentage,
            "type": self.kind,
            "account_id": self.ledger_account,
            "description": self.description,
        }


@dataclass(frozen=True)
class _Journal:
    number: str
    kind: str
    description: str

    def as_dict(self, next_invoice_number: int) -> dict[str, Any]:
        # Only a sales journal numbers customers, and invoices.
        numbers: dict[str, Any] = {"range": None, "next_invoice_number": None}
        if self.kind == "sales":
            numbers = {"range": _customer_range(), "next_invoice_number": next_invoice_number}
        return {
            "id": self.number,
            "type": self.kind,
            "description": self.description,
            **numbers,
        }


@dataclass(frozen=True)
class _Customer:
    number: str
    name: str
    email: str = ""
    country: str = "NL"
    blocked: bool = False
    is_one_time: bool = False
    """Whether it gathers buyers who come once."""

    def as_dict(self) -> dict[str, Any]:
        reason = "Betaalt niet" if self.blocked else None

        return {
            "id": self.number,
            "addresses": [self._address()],
            # Minox' manual has it on for debtors at home alone.
            "vat": {"active": self.country == "NL", "vat_registration_number": None},
            "blocked": {"active": self.blocked, "reason": reason},
            "externalid": None,
            "language": "nl",
            "payment_term": {"id": 14},
            "is_one_time": self.is_one_time,
            "block_sending_reminders": False,
            "block_collection": False,
        }

    def _address(self) -> dict[str, Any]:
        general = {"email_address_type": "general", "email_address": self.email}
        return {
            "address_type": "postal",
            "name": self.name,
            "extended_name": None,
            "contact_name": None,
            "salutation": None,
            "streetname_and_number": "Dorpsstraat 1",
            "postal_code": "1234 AB",
            "city": "Voorbeeldstad",
            "country_code": self.country,
            "phone_numbers": [],
            # Customers for sales at the counter have no e-mail address.
            "email_addresses": [general] if self.email else [],
        }


_LEDGER_ACCOUNTS = (
    _LedgerAccount("1300", "Debiteuren"),
    _LedgerAccount("1500", "Af te dragen btw 21%"),
    _LedgerAccount("1501", "Af te dragen btw 9%"),
    _LedgerAccount("1502", "Af te dragen btw Duitsland"),
    _LedgerAccount("1503", "Af te dragen btw België"),
    _LedgerAccount("1510", "Te vorderen btw"),
    _LedgerAccount("1850", "Cadeaubonnen en tegoeden"),
    _LedgerAccount("4990", "Afrondingsverschillen"),
    _LedgerAccount("8000", "Omzet 21%", vat_code=1),
    _LedgerAccount("8010", "Omzet 9%", vat_code=2),
    _LedgerAccount("8020", "Omzet 0%", vat_code=4),
    _LedgerAccount("8100", "Omzet binnen de EU, btw verlegd", vat_code=6),
    _LedgerAccount("8200", "Omzet buiten de EU", vat_code=5),
    _LedgerAccount("8300", "Afstandsverkopen Duitsland", vat_code=10),
    _LedgerAccount("8310", "Afstandsverkopen België", vat_code=11),
    _LedgerAccount("8900", "Verzendkosten"),
    _LedgerAccount("8910", "Betaalkosten"),
    _LedgerAccount("8920", "Kortingen"),
    _LedgerAccount("8999", "Omzet oud", blocked=True),
)

_VAT_CODES = (
    _VatCode(1, 21.0, "Af te dragen (1a, 1b)", "1500", "Btw hoog 21%"),
    _VatCode(2, 9.0, "Af te dragen (1a, 1b)", "1501", "Btw laag 9%"),
    _VatCode(3, 21.0, "Te vorderen (5b)", "1510", "Btw hoog inkoop"),
    _VatCode(4, 0.0, "Verlegd binnenland - levering (1e)", "1500", "Btw nul 0%"),
    _VatCode(5, 0.0, "Verlegd buiten EU - levering (3a)", "1500", "Uitvoer buiten de EU"),
    _VatCode(6, 0.0, "Verlegd binnen EU - levering (3b)", "1500", "Levering binnen de EU"),
    _VatCode(10, 19.0, "Afstandsverkopen binnen de EU (3c)", "1502", "Duitsland 19%"),
    _VatCode(11, 21.0, "Afstandsverkopen binnen de EU (3c)", "1503", "België 21%"),
)

_JOURNALS = (
    _Journal("VERK", "sales", "Verkoopboek"),
    _Journal("INK", "purchase", "Inkoopboek"),
    _Journal("BANK", "bank", "Bank"),
    _Journal("KAS", "cash", "Kas"),
    _Journal("MEMO", "general", "Memoriaal"),
)

_DISTANCE_SALES = (
    {"country_code": "DE", "ledger_account_id": "8300", "vat_id": 10},
    {"country_code": "BE", "ledger_account_id": "8310", "vat_id": 11},
)

_CUSTOMERS = (
    _Customer("10600", "Kasverkopen", is_one_time=True),
    _Customer("10610", "Sanne Visser", "Sanne.Visser@Example.NL"),
    _Customer("10620", "Gedeeld Oud", "gedeeld@example.nl", blocked=True),
    _Customer("10621", "Gedeeld Nieuw", "gedeeld@example.nl"),
    _Customer("10630", "Tweeling Een", "tweeling@example.nl"),
    _Customer("10631", "Tweeling Twee", "tweeling@example.nl"),
    _Customer("10640", "Wanbetaler", "geblokkeerd@example.nl", blocked=True),
    _Customer("10650", "Zaak 1059 BV", "inkoop1059@example.com", country="BE"),
)


class Administration:
    """What Minox knows before anything is booked, in the form in which the API shows it."""

    def __init__(self, today: dt.date) -> None:
        """Open this calendar year and the one before, whose January is closed."""
        self.fiscal_years = (today.year - 1, today.year)
        self.closed: set[tuple[int, int]] = {(today.year - 1, 1)}

        self.accounts = {account.number: account.as_dict() for account in _LEDGER_ACCOUNTS}
        self.vat_codes = {code.number: code.as_dict() for code in _VAT_CODES}
        # Minox' own invoice numbers: a range a year, past those of the orders.
        first_invoice = today.year * 10_000 + 1
        self.journals = {journal.number: journal.as_dict(first_invoice) for journal in _JOURNALS}
        self.distance_sales = [dict(country) for country in _DISTANCE_SALES]
        self.payment_terms = {
            days: {"id": days, "description": f"{days} dagen"} for days in (14, 30)
        }

    def vat_code(self, code: object) -> dict[str, Any] | None:
        """Return a VAT code by its id, a number or the text of one; None when there is none."""
        return self.vat_codes.get(int(str(code))) if str(code).isdecimal() else None

    def period_dates(self, fiscal_year: int, period: int) -> tuple[dt.date, dt.date]:
        """Return a period's first and last day: fiscal years are calendar years, periods months."""
        last = calendar.monthrange(fiscal_year, period)[1]
        return dt.date(fiscal_year, period, 1), dt.date(fiscal_year, period, last)

    def as_dict(self, *, vat_on_sub: bool) -> dict[str, Any]:
        """Return the administration in the form in which the API shows it."""
        return {
            "id": ADMINISTRATION,
            "name": "Voorbeeldwinkel BV",
            "currency": {"id": "EUR"},
            "number_of_periods": NUMBER_OF_PERIODS,
            "vat_on_sub": vat_on_sub,
            "fiscal_years": [_fiscal_year(year) for year in self.fiscal_years],
            "ledger_accounts": {"transaction_rounding": "4990", "receivables": RECEIVABLES},
        }


def first_customers() -> dict[str, dict[str, Any]]:
    """Return the customers that Minox has before the first order, by number."""
    return {customer.number: customer.as_dict() for customer in _CUSTOMERS}


def _customer_range() -> dict[str, Any]:
    return {"start": FIRST_CUSTOMER, "end": LAST_CUSTOMER, "is_automatically_assigned": True}


def _fiscal_year(year: int) -> dict[str, Any]:
    return {
        "fiscal_year": year,
        "number_of_periods": NUMBER_OF_PERIODS,
        "start_date": dt.date(year, 1, 1).isoformat(),
        "end_date": dt.date(year, 12, 31).isoformat(),
    }
