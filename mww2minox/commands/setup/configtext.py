"""The config as `setup` writes it: a comment for each key, the secrets in a file beside it."""

import contextlib
import io
import os
import re
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from dotenv.parser import parse_stream

from mww2minox.config.keys import explained, keys
from mww2minox.config.settings import SECTIONS, Config, keys_of
from mww2minox.config.yaml_file import Value
from mww2minox.errors import CannotWrite
from mww2minox.language.commands import carried
from mww2minox.language.texts import _

SECRET_NAMES = {
    ("shop", "token"): "MWW_TOKEN",
    ("shop", "partner_token"): "MWW_PARTNER_TOKEN",
    ("minox", "client_secret"): "MINOX_CLIENT_SECRET",
}
"""The environment variables that hold the secrets of the config."""

COMMENT_WIDTH = 96


def config_text(values: Mapping[str, Value]) -> str:
    """Return the config as YAML, each key under what `config/keys.py` tells of it.

    The comments are in the reader's language. Keys without a value are left out.
    """
    explanations = {key.place: explained(key) for key in keys()}

    blocks = [_opening()]
    for key, value in sorted(values.items(), key=_rank):
        if value is not None:
            blocks.append(_block(key, value, explanations))
    return "\n".join(blocks)


def _opening() -> str:
    """Say what the file is; a command that is longer has a line of its own, to be copied."""
    text = carried(_("The settings of mww2minox. After a change, run: mww2minox check"))
    if len(text) <= COMMENT_WIDTH:
        return _comment(text)

    before, between, command = text.partition(": mww2minox ")
    return f"{_comment(f'{before}:')}#{between[1:]}{command}\n"


def _rank(item: tuple[str, Value]) -> int:
    """Give a key its place in the file; one that no config knows comes last."""
    key, _value = item
    order = keys_of(Config)
    return order.index(key) if key in order else len(order)


def _block(key: str, value: Value, explanations: Mapping[str, str]) -> str:
    comment = _comment(explanations.get(key, ""))

    # A list, such as the rows of vat: a line for each item.
    if isinstance(value, list):
        items = "".join(f"  - {_flow(_with_exact_code(item))}\n" for item in value)
        return f"{comment}{key}:\n{items}"

    # What is no section, such as payment_debtors, has keys that nothing is told of.
    if not isinstance(value, dict) or key not in SECTIONS:
        return f"{comment}{key}: {_flow(value)}\n"

    lines = []
    for inner, item in value.items():
        if item is not None:
            told_of = f"{key}.{inner.removesuffix('_file')}"
            lines.append(_comment(explanations.get(told_of, ""), "  "))
            lines.append(f"  {inner}: {_flow(item)}\n")
    return f"{comment}{key}:\n{''.join(lines)}"


def _comment(text: str, indent: str = "") -> str:
    lines = textwrap.wrap(
        text, COMMENT_WIDTH - len(indent), break_long_words=False, break_on_hyphens=False
    )
    return "".join(f"{indent}# {line}\n" for line in lines)


class _Dumper(yaml.SafeDumper):
    """Writes numbers and dates without quotes: our reader takes both as they are written."""


def _plain(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    kinds = (
        (r"0|[1-9][0-9]{0,17}", "int"),
        (r"[0-9]{1,12}\.[0-9]{1,12}", "float"),
        (r"\d{4}-\d\d-\d\d", "timestamp"),
    )
    tag = next((kind for pattern, kind in kinds if re.fullmatch(pattern, text, re.ASCII)), "str")
    # no text: a word of YAML
    return dumper.represent_scalar(f"tag:yaml.org,2002:{tag}", text)


class _Exact(str):
    """A text that stays one where it looks like a number."""

    __slots__ = ()


def _with_exact_code(item: Value) -> Value:
    """A VAT code is sent as it is written: the text "1" is not the number 1."""
    if isinstance(item, dict) and isinstance(item.get("code"), str):
        return {**item, "code": _Exact(item["code"])}
    return item


_Dumper.add_representer(str, _plain)
_Dumper.add_representer(
    _Exact, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text)
)


def _flow(value: Value) -> str:
    """Write a value on one line."""
    options: dict[str, Any] = {
        "default_flow_style": True,
        "sort_keys": False,
        "allow_unicode": True,
        "width": 10**6,
    }
    return str(yaml.dump(value, Dumper=_Dumper, **options)).removesuffix("...\n").strip()


def secrets_apart(values: dict[str, Value]) -> dict[str, str]:
    """Put `${NAME}` in the place of each secret that stands in `values` itself; return name ->
    secret.
    """
    secrets: dict[str, str] = {}
    for (section, key), name in SECRET_NAMES.items():
        settings = values.get(section)
        if not isinstance(settings, dict) or settings.get(key) is None:
            continue

        # A reference that the user wrote stays his own.
        secret = str(settings[key])
        if "${" not in secret:
            secrets[name] = secret
            settings[key] = f"${{{name}}}"
    return secrets


def env_text(secrets: Mapping[str, str], present: str = "") -> str:
    """Return the env file: NAME=VALUE lines, quoted where a shell's reader would want that.

    What else is `present` in it stays as it is.
    """
    others = "".join(
        binding.original.string
        for binding in parse_stream(io.StringIO(present))
        if binding.key not in secrets
    )
    above = _comment(_("The secrets of the config beside this file. Keep it to yourself."))
    if others.strip():
        above = f"{others.rstrip()}\n"

    return above + "".join(f"{name}={_quoted(secret)}\n" for name, secret in secrets.items())


def _quoted(secret: str) -> str:
    if re.fullmatch(r"[\w.~+/=:@%-]+", secret, re.ASCII):
        return secret
    return "'" + secret.replace("\\", "\\\\").replace("'", "\\'") + "'"


def save_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises UsageError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(path)
        # A kill by Ctrl-C too leaves no half file behind.
        except BaseException:
            with contextlib.suppress(OSError):
                Path(made).unlink()
            raise
    except OSError as error:
        suggestion = _("Choose another file: mww2minox --config FILE setup")
        raise CannotWrite(path, error, suggestion) from None
