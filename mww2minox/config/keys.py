"""What users are told of each key of the config.

It is made of the descriptions in `settings.py`: the comments in the config that `setup` writes, and
config.example.yaml and the table in docs/config.md (`make docs`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pydantic.fields import FieldInfo

from mww2minox.config.settings import SECTIONS, Config
from mww2minox.config.yaml_file import Value
from mww2minox.language.texts import _


@dataclass(frozen=True)
class Key:
    """A key of the config, in words that are not translated yet.

    `place` reads like `shop.token`, in a row of the list `vat` like `vat[].code`. `default` is
    written as in a config, and empty where there is none or where the description tells it.
    `example` is a value for config.example.yaml, None where it stays empty there.
    """

    place: str
    description: str
    default: str
    example: Value
    is_required: bool


def keys() -> Iterator[Key]:
    """Yield every key, a section before the keys in it, in the order of the config."""
    for name, field in Config.model_fields.items():
        place = field.alias or name
        yield _key(place, field)

        section = SECTIONS.get(place)
        inside = "vat[]" if place == "vat" else place
        if section:
            for inner, inner_field in section.model_fields.items():
                yield _key(f"{inside}.{inner}", inner_field)


def needed(description: str) -> str:
    """Return the first sentence of a description, to go on after a colon: what a key needs."""
    return _(description).partition(". ")[0].removesuffix(".")


def explained(key: Key) -> str:
    """Return all that is told of a key, in whole sentences in the reader's language."""
    text = _(key.description)
    text = f"{text[0].upper()}{text[1:].removesuffix('.')}."
    if key.default:
        default = _("Default: {value}.").format(value=key.default)
        return f"{text} {default}"
    return text


def _key(place: str, field: FieldInfo) -> Key:
    description = field.description or ""
    default = _written(field.default)
    told_in_words = "Default: " in description

    examples = field.examples or [default or None]
    return Key(
        place=place,
        description=description,
        default="" if told_in_words else default,
        example=examples[0],
        is_required=field.is_required() and not told_in_words,
    )


def _written(default: object) -> str:
    """Write a default as it stands in a config; empty where that would say nothing."""
    match default:
        case str() | Decimal():
            return str(default)
        case bool():
            return "true" if default else "false"
        case float():
            return f"{default:g}"
        case _:
            return ""
