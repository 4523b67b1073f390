"""The config as frozen settings: a class for each section.

A description says what a missing key needs.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from mww2minox.books.model import BookingRules, DateChoice, VatPosting, VatRow
from mww2minox.config.values import (
    take_code,
    take_day,
    take_days,
    take_description,
    take_euros,
    take_items,
    take_locale,
    take_message_url,
    take_pace,
    take_payment,
    take_percentage,
    take_ping_url,
    take_redirect_uri,
    take_region,
    take_secret,
    take_status,
    take_text,
    take_timezone,
    take_url,
)
from mww2minox.language.texts import N_

Text = Annotated[str, BeforeValidator(take_text)]


Secret = Annotated[SecretStr, BeforeValidator(take_secret)]


Url = Annotated[str, BeforeValidator(take_url)]


MessageUrl = Annotated[SecretStr, BeforeValidator(take_message_url)]


PingUrl = Annotated[SecretStr, BeforeValidator(take_ping_url)]


RedirectUri = Annotated[str, BeforeValidator(take_redirect_uri)]


Code = Annotated[int | str, BeforeValidator(take_code)]


Status = Annotated[int | str, BeforeValidator(take_status)]


Percentage = Annotated[Decimal, BeforeValidator(take_percentage)]


Euros = Annotated[Decimal, BeforeValidator(take_euros)]


Pace = Annotated[float, BeforeValidator(take_pace)]


Days = Annotated[int, BeforeValidator(take_days)]


Day = Annotated[date, BeforeValidator(take_day)]


Region = Annotated[str, BeforeValidator(take_region)]


Locale = Annotated[str, BeforeValidator(take_locale)]


Timezone = Annotated[str, BeforeValidator(take_timezone)]


Description = Annotated[str, BeforeValidator(take_description)]


Payment = Annotated[str, AfterValidator(take_payment)]


Items = BeforeValidator(take_items)


class Settings(BaseModel):
    """What all sections share: they never change, know all their keys, and keep values out of error
    texts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        """Treat a key without a value as if it were not there."""
        if not isinstance(data, dict):
            return data
        return {
            key: value
            for key, value in data.items()
            if value is not None or key not in keys_of(cls)
        }


class ShopSettings(Settings):
    """`shop`: where the orders come from, and which of them are booked."""

    url: Url = "https://api.myonlinestore.com"
    token: Secret = Field(description=N_("the shop's API token, here or in token_file"))
    partner_token: Secret | None = None
    language: Locale = "nl_NL"
    timezone: Timezone = "Europe/Amsterdam"
    statuses: Annotated[tuple[Status, ...], Items] = Field(
        description=N_("the statuses that are booked, like [1, 2]")
    )
    since: Day = Field(description=N_("the first order date that is booked, like 2026-01-01"))


class MinoxSettings(Settings):
    """`minox`: which administration the bookings go to."""

    url: Url = "https://app.minox.nl"
    client_id: Text = Field(description=N_("the client id that Minox gave you"))
    client_secret: Secret = Field(
        description=N_("the client secret from Minox, here or in client_secret_file")
    )
    redirect_uri: RedirectUri = Field(
        description=N_("the address registered with Minox for this client id")
    )
    tenant: Text = Field(description=N_("the number of your Minox subscription"))
    administration: Text = Field(description=N_("the number of the administration"))
    journal: Text = Field(description=N_("the sales journal, like VERK"))
    requests_per_second: Pace = 5.0


class BookingSettings(Settings):
    """`booking`: how an order becomes a booking."""

    date: DateChoice = DateChoice.ORDER
    description: Description = "{number}"
    vat_posting: VatPosting = VatPosting.NET
    rounding_ledger: Text | None = None
    max_rounding: Euros = Decimal("0.05")


class VatSettings(Settings):
    """A row of `vat`: by strategy, or by region and rate."""

    region: Region | None = None
    rate: Percentage | None = None
    strategy: Literal["reverse_charged_vat", "zero_percent"] | None = None
    code: Code = Field(description=N_("the VAT code in Minox"))
    ledger: Text = Field(description=N_("the ledger account in Minox for the revenue"))
    vat_ledger: Text | None = None

    def row(self) -> VatRow:
        """Return the row as the booking core knows it."""
        return VatRow(**self.model_dump())


class LedgerSettings(Settings):
    """`ledgers`: ledger accounts of their own for some types of order lines."""

    shipping: Text | None = None
    payment: Text | None = None
    discount: Text | None = None


class VerifySettings(Settings):
    """`verify`: when a booking that was read back counts as right."""

    tolerance: Euros = Decimal("0.00")


class NotifySettings(Settings):
    """`notify`: who is told what needs attention. Without it stderr and the exit code tell."""

    urls: Annotated[tuple[MessageUrl, ...], Items] = ()
    dead_mans_switch: PingUrl | None = None


class Config(Settings):
    """All settings.

    `state_path` is absolute; secrets show only where `get_secret_value` is called.
    """

    language: Literal["nl", "en"]
    shop: ShopSettings = Field(description=N_("the section that says where orders come from"))
    minox: MinoxSettings = Field(description=N_("the section that says where bookings go"))
    booking: BookingSettings = BookingSettings()
    vat: Annotated[tuple[VatSettings, ...], Items] = Field(
        description=N_("the list of VAT codes and ledger accounts")
    )
    ledgers: LedgerSettings = LedgerSettings()
    payment_debtors: dict[Payment, Text] = Field(default_factory=dict)
    verify: VerifySettings = VerifySettings()
    notify: NotifySettings = NotifySettings()
    retention_days: Days | None = None
    state_path: Path = Field(alias="state")

    def rules(self, shop_country: str) -> BookingRules:
        """Return what the booking core needs, for a shop in `shop_country` (two letters)."""
        return BookingRules(
            journal=self.minox.journal,
            shop_country=shop_country,
            vat=tuple(row.row() for row in self.vat),
            ledgers=self.ledgers.model_dump(exclude_none=True),
            payment_debtors=self.payment_debtors,
            **dict(self.booking),
        )


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys of a section, as they are written in the config."""
    return [field.alias or name for name, field in model.model_fields.items()]
