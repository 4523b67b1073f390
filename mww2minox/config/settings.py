"""The config as frozen settings: a class for each section, a description for each key.

A description is all that users are told of its key: in the config that `setup` writes, in
config.example.yaml and in docs/config.md (`keys.py` makes these of it). Its first sentence is what
a missing key needs, and reads on after a colon. A default that is not simply the field's own stands
in its last one, after `Default:`.
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

from mww2minox.books.model import BookingRules, DateChoice, InvoiceNumber, VatPosting, VatRow
from mww2minox.config.values import (
    take_code,
    take_day,
    take_days,
    take_description,
    take_euros,
    take_flag,
    take_items,
    take_line_type,
    take_locale,
    take_message_url,
    take_number,
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
    take_vies,
)
from mww2minox.language.texts import N_

Text = Annotated[str, BeforeValidator(take_text)]
Secret = Annotated[SecretStr, BeforeValidator(take_secret)]
Url = Annotated[str, BeforeValidator(take_url)]
MessageUrl = Annotated[SecretStr, BeforeValidator(take_message_url)]
PingUrl = Annotated[SecretStr, BeforeValidator(take_ping_url)]
RedirectUri = Annotated[str, BeforeValidator(take_redirect_uri)]
Code = Annotated[int | str | None, BeforeValidator(take_code)]
LineType = Annotated[str, BeforeValidator(take_line_type)]
Status = Annotated[int | str, BeforeValidator(take_status)]
Percentage = Annotated[Decimal, BeforeValidator(take_percentage)]
Euros = Annotated[Decimal, BeforeValidator(take_euros)]
Pace = Annotated[float, BeforeValidator(take_pace)]
ViesSwitch = Annotated[bool | str, BeforeValidator(take_vies)]
Flag = Annotated[bool, BeforeValidator(take_flag)]
Number = Annotated[str, BeforeValidator(take_number)]
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

    # Built when a config is first read, and then as one: not each section by itself as well.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )

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

    url: Url = Field(
        default="https://api.myonlinestore.com", description=N_("the address of the shop's API")
    )
    token: Secret = Field(
        description=N_(
            "the shop's API token, here or in token_file. In the shop: Instellingen > API > Token"
            " toevoegen, or Instellingen > Add-ons & Modules > Integraties & koppelingen, with the"
            " package PREMIUM or above. Which partner to choose there, MyOnlineStore can tell."
        ),
        examples=["${MWW_TOKEN}"],
    )
    partner_token: Secret | None = Field(
        default=None,
        description=N_(
            "the application's token, from MyOnlineStore, here or in partner_token_file. It is"
            " needed to show status names; without it these must be numbers. Default: none."
        ),
        examples=["${MWW_PARTNER_TOKEN}"],
    )
    language: Locale = Field(default="nl_NL", description=N_("the language of the status names"))
    timezone: Timezone = Field(
        default="Europe/Amsterdam", description=N_("the time zone of the shop's clock")
    )
    statuses: Annotated[tuple[Status, ...], Items] = Field(
        description=N_(
            "the statuses that are booked, like [2, 3, 6]. By number, or with a partner token by"
            " name, as the shop shows them. Other connectors book 2, 3 and 6: paid, sent, and"
            " collected. Credit orders have a status of their own."
        ),
        # no text: statuses of a shop
        examples=[["Betaald", "Verzonden", "Betaald en verzonden", "Afgehaald", "Gecrediteerd"]],
    )
    since: Day = Field(
        description=N_(
            "the first order date that is booked, like 2026-01-01. Older orders are not booked."
        ),
        examples=["2026-01-01"],
    )


class MinoxSettings(Settings):
    """`minox`: which administration the bookings go to."""

    url: Url = Field(default="https://app.minox.nl", description=N_("the address of Minox"))
    client_id: Text = Field(
        description=N_(
            "the client id that Minox gave you. It is asked for at"
            " https://minox.nl/aanvragen-koppeling-via-open-api."
        ),
        examples=["my-client-id"],
    )
    client_secret: Secret = Field(
        description=N_("the client secret from Minox, here or in client_secret_file"),
        examples=["${MINOX_CLIENT_SECRET}"],
    )
    redirect_uri: RedirectUri = Field(
        description=N_(
            "the address registered with Minox for this client id. `mww2minox login` waits on one"
            " on this machine, with a port that is free. With one elsewhere, which begins with"
            " https://, use `mww2minox login --paste`."
        ),
        examples=["http://127.0.0.1:8765/callback"],
    )
    tenant: Number = Field(
        description=N_("your customer number at Minox (klantnummer)"), examples=[12345]
    )
    administration: Number = Field(description=N_("the number of the administration"), examples=[1])
    journal: Text = Field(
        description=N_("the sales journal, like VERK. In Minox: Onderhoud > Algemeen > Dagboeken."),
        examples=["VERK"],
    )
    requests_per_second: Pace = Field(
        default=5.0,
        description=N_(
            "the most requests per second, above 0 and up to 1000. What Minox itself asks for"
            " comes first."
        ),
    )


class BookingSettings(Settings):
    """`booking`: how an order becomes a booking."""

    date: DateChoice = Field(
        default=DateChoice.ORDER,
        description=N_(
            "the document date: order (the order date) or status_changed (when the order got its"
            " status)"
        ),
    )
    description: Description = Field(
        default="{number}",
        description=N_(
            "the description of each line. The fields are {number}, {name}, {date}, {company} and"
            " {reference} (the customer's own order number)."
        ),
    )
    vat_posting: VatPosting = Field(
        default=VatPosting.NET,
        description=N_(
            "how VAT is sent: net, gross, ledger, line or debtor. With net the revenue line is"
            " net, and its VAT comes on top; with gross it is gross, and tells the VAT in it; with"
            " ledger it is gross, and the VAT code set on the ledger account in Minox decides; with"
            " line it is net, and the VAT is a line of its own on the row's vat_ledger; with debtor"
            " it is net, and there is a debtor's line for each VAT code, which tells its VAT: for"
            " administrations with VAT on the sub-administration. The trial booking of `mww2minox"
            " setup` finds out which one is right; or ask your bookkeeper."
        ),
    )
    invoice_number: InvoiceNumber = Field(
        default=InvoiceNumber.ORDER,
        description=N_(
            "whose numbers the invoices in Minox have: order or minox. With order it is the order"
            " number, of at most 8 digits; with minox it is left to Minox, and the order number"
            " stands in the description alone, for order numbers that are longer or have letters,"
            " and for several shops in one administration."
        ),
    )
    rounding_ledger: Text | None = Field(
        default=None,
        description=N_(
            "the ledger account for cents of rounding. Default: none; they go to the largest"
            " revenue line."
        ),
        examples=[4990],
    )
    max_rounding: Euros = Field(
        default=Decimal("0.05"),
        description=N_(
            "the largest rounding difference of one order, in euros; with more it is not booked."
            " If prices exclude VAT it may be half a cent per order line, when that is more."
        ),
    )


class VatSettings(Settings):
    """A row of `vat`: by strategy, or by region and rate; of all lines, or of one type."""

    region: Region | None = Field(
        default=None, description=N_("the country, by its code of two letters, like NL")
    )
    rate: Percentage | None = Field(
        default=None, description=N_("the percentage of VAT, like 21 or 25.5")
    )
    strategy: Literal["reverse_charged_vat", "zero_percent"] | None = Field(
        default=None,
        description=N_(
            "instead of region and rate: reverse_charged_vat (businesses elsewhere in the EU) or"
            " zero_percent (outside the EU)"
        ),
    )
    type: LineType | None = Field(
        default=None,
        description=N_(
            "the type of the order lines that this row is for, like gift_card, shipping or"
            " discount. Such a row goes before one without a type, and before ledgers. Default:"
            " all types."
        ),
    )
    code: Code = Field(
        description=N_(
            "the VAT code in Minox, or none where there is no turnover, as with a gift card that is"
            " sold or used. With none the rate is 0."
        )
    )
    ledger: Text = Field(description=N_("the ledger account in Minox for the revenue"))
    vat_ledger: Text | None = Field(
        default=None,
        description=N_("the ledger account for the VAT; with vat_posting line only"),
    )

    def row(self) -> VatRow:
        """Return the row as the booking core knows it."""
        return VatRow(**self.model_dump())


class LedgerSettings(Settings):
    """`ledgers`: ledger accounts of their own for some types of order lines."""

    shipping: Text | None = Field(
        default=None,
        description=N_("the ledger account for shipping costs. Default: that of the goods."),
        examples=[8900],
    )
    payment: Text | None = Field(
        default=None,
        description=N_("the ledger account for payment costs. Default: that of the goods."),
        examples=[8910],
    )
    discount: Text | None = Field(
        default=None,
        description=N_("the ledger account for discounts. Default: that of the goods."),
        examples=[8920],
    )
    gift_card: Text | None = Field(
        default=None,
        description=N_("the ledger account for gift cards. Default: that of the goods."),
        examples=[8930],
    )
    store_credit: Text | None = Field(
        default=None,
        description=N_("the ledger account for store credit. Default: that of the goods."),
        examples=[8940],
    )
    surcharge: Text | None = Field(
        default=None,
        description=N_("the ledger account for surcharges. Default: that of the goods."),
        examples=[8950],
    )


class CustomerSettings(Settings):
    """`customers`: what holds for the customers that are made in Minox."""

    block_reminders: Flag = Field(
        default=False,
        description=N_(
            "true if Minox should send new customers no reminders, as when all orders are paid"
            " beforehand; or false"
        ),
        examples=[False],
    )


class VerifySettings(Settings):
    """`verify`: when a booking that was read back counts as right."""

    tolerance: Euros = Field(
        default=Decimal("0.00"),
        description=N_(
            "up to how many euros `mww2minox verify` accepts a difference. Default: 0.00, and 0.03"
            " with vat_posting ledger, where Minox works out the VAT itself."
        ),
    )


class NotifySettings(Settings):
    """`notify`: who is told what needs attention. Without it stderr and the exit code tell."""

    urls: Annotated[tuple[MessageUrl, ...], Items] = Field(
        default=(),
        description=N_(
            "URLs of Apprise, for mail, Telegram, ntfy and many more, like"
            " [mailto://name:password@example.com]. They need the extra `notify`, and each is a"
            " secret: best write it as ${NOTIFY_URL}. Default: none."
        ),
    )
    dead_mans_switch: PingUrl | None = Field(
        default=None,
        description=N_(
            "an address that is requested while all goes well, of a service that warns you when"
            " that stops, like https://hc-ping.com/your-uuid. Default: none."
        ),
    )


class Config(Settings):
    """All settings.

    `state_path` is absolute; secrets show only where `get_secret_value` is called.
    """

    language: Literal["nl", "en"] = Field(
        description=N_(
            "the language of messages: nl or en. Default: that of the locale (LC_ALL, LC_MESSAGES,"
            " LANG)."
        ),
        examples=["nl"],
    )
    shop: ShopSettings = Field(
        description=N_(
            "the section that says where orders come from. It also says which of them are booked."
        )
    )
    minox: MinoxSettings = Field(description=N_("the section that says where bookings go"))
    booking: BookingSettings = Field(
        default_factory=BookingSettings,
        description=N_("how an order becomes a booking. All of it is optional."),
    )
    vat: Annotated[tuple[VatSettings, ...], Items] = Field(
        description=N_(
            "the list of VAT codes and ledger accounts. A row for each kind of revenue: for a"
            " country and a rate, or for one of two strategies of the shop, reverse_charged_vat"
            " (businesses elsewhere in the EU) and zero_percent (outside the EU). A row with a type"
            " is for order lines of that type alone. With vat_posting"
            " line a row with a rate also names the account for its VAT, like vat_ledger: 1500."
            " In Minox: Onderhoud > Algemeen > BTW-gegevens, and Onderhoud > Grootboek."
        ),
        examples=[
            [
                {"region": "NL", "rate": 21, "code": 1, "ledger": 8000},
                {"region": "NL", "rate": 9, "code": 2, "ledger": 8010},
                {"region": "DE", "rate": 19, "code": 10, "ledger": 8300},
                {"strategy": "reverse_charged_vat", "code": 6, "ledger": 8100},
                {"strategy": "zero_percent", "code": 5, "ledger": 8200},
                {"region": "NL", "rate": 0, "type": "gift_card", "code": "none", "ledger": 1850},
            ]
        ],
    )
    ledgers: LedgerSettings = Field(
        default_factory=LedgerSettings,
        description=N_(
            "ledger accounts of their own for some types of order lines: shipping costs, payment"
            " costs, discounts, gift cards, store credit and surcharges. All of it is optional, and"
            " not possible with vat_posting ledger."
        ),
    )
    payment_debtors: dict[Payment, Text] = Field(
        default_factory=dict,
        description=N_(
            "fixed customers in Minox for ways of paying, as gateway/method: customer number. All"
            " other orders go to the customer with their e-mail address. Default: none."
        ),
        examples=[{"basic/cash": 10600}],
    )
    customers: CustomerSettings = Field(
        default_factory=CustomerSettings,
        description=N_("what holds for new customers in Minox. It is optional."),
    )
    verify: VerifySettings = Field(
        default_factory=VerifySettings,
        description=N_("when a booking that was read back counts as right. It is optional."),
    )
    vies: ViesSwitch = Field(
        default=False,
        description=N_(
            "true if VIES is to be asked for the VAT numbers of reverse-charged orders once they"
            " are booked: its answer and the time are kept as evidence, and a number that it does"
            " not know is a warning. Or the address of a service that answers like it. Default:"
            " false."
        ),
        examples=[True],
    )
    dashboard: Path | None = Field(
        default=None,
        description=N_(
            "an HTML file that is written anew after each run, for a browser: what was booked, what"
            " needs attention, the VAT of this quarter. It holds no names or addresses of"
            " customers. Only its owner can read it, unless you give others the right; a relative"
            " path starts at this config's folder. Default: none."
        ),
        examples=["~/dashboard.html"],
    )
    notify: NotifySettings = Field(
        default_factory=NotifySettings,
        description=N_(
            "who gets a message, once, about what is new and needs attention. It is optional:"
            " without it stderr, the exit code and cron's mail tell."
        ),
    )
    retention_days: Days | None = Field(
        default=None,
        description=N_(
            "after how many days the name, address, phone and e-mail of an order that was booked"
            " and verified are emptied in the state file. Its amounts, numbers and codes stay."
            " Default: never."
        ),
        examples=[730],
    )
    state_path: Path = Field(
        alias="state",
        description=N_(
            "the file that remembers what was booked: keep it, and back it up. Only its owner can"
            " read it. Default: ~/.local/state/mww2minox/state.db."
        ),
        examples=["~/.local/state/mww2minox/state.db"],
    )

    def rules(self, shop_country: str) -> BookingRules:
        """Return what the booking core needs, for a shop in `shop_country` (two letters)."""
        return BookingRules(
            journal=self.minox.journal,
            shop_country=shop_country,
            vat=tuple(row.row() for row in self.vat),
            ledgers=self.ledgers.model_dump(exclude_none=True),
            payment_debtors=self.payment_debtors,
            block_reminders=self.customers.block_reminders,
            **dict(self.booking),
        )


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys of a section, as they are written in the config."""
    return [field.alias or name for name, field in model.model_fields.items()]


SECTIONS: dict[str, type[Settings]] = {
    "shop": ShopSettings,
    "minox": MinoxSettings,
    "booking": BookingSettings,
    "vat": VatSettings,
    "ledgers": LedgerSettings,
    "customers": CustomerSettings,
    "verify": VerifySettings,
    "notify": NotifySettings,
}
"""The keys of the config that hold keys of their own; `vat` holds them in each of its rows."""
