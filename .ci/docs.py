"""Make the parts of the users' reference that stand in the code: `make docs`.

In mww2minox/docs/ they go between two marks, and the prose around them stays. config.example.yaml
is made whole. A test compares what is checked in with `made()`.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from mww2minox.books.model import Reason, WarningCode
from mww2minox.cli import cli
from mww2minox.commands.setup.configtext import config_text
from mww2minox.config.keys import Key, explained, keys
from mww2minox.config.loading import SECRET_FILES
from mww2minox.config.yaml_file import Value
from mww2minox.language.texts import use
from mww2minox.reasons import DIFFERENCES, RETRY, WARNINGS, explain, state_of

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "mww2minox" / "docs"
EXAMPLE = ROOT / "config.example.yaml"
OPENING = """\
# The settings of mww2minox. Copy this file to one of the places where it is looked for, and fill
# it in:
#
#   --config PATH, the environment variable MWW2MINOX_CONFIG, ./config.yaml,
#   ~/.config/mww2minox/config.yaml, /etc/mww2minox/config.yaml
#
# `${NAME}` stands for the environment variable NAME, or else for its line NAME=VALUE in the env
# file beside this one: config.env for config.yaml. Keep it for yourself: chmod 600 config.env
# Instead of token, partner_token and client_secret you can give token_file, partner_token_file and
# client_secret_file: the path of a file that holds the secret alone. A relative path starts at the
# folder of this file. Afterwards run: mww2minox check
"""
EMPTY = "(empty)"
NO_OPTIONS = "It has no options.\n"
PART = re.compile(
    r"(?P<begin><!-- made by `make docs`: (?P<name>[\w ]+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def made() -> dict[Path, str]:
    """Return each file that is made from the code, or holds parts that are, as it has to be."""
    use("en")
    made_parts = parts()

    files = {EXAMPLE: example()}
    for page in sorted(PAGES.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        files[page] = PART.sub(
            lambda part: f"{part['begin']}\n{made_parts[part['name']]}\n{part['end']}", text
        )
    return files


def parts() -> dict[str, str]:
    """Return each part by its name; a command without options has a sentence for a part."""
    made_parts = {
        "commands": _table(("command", "does"), _command_rows()),
        "options": _table(("option", "does"), _option_rows(cli)),
        "keys": _table(("key", "meaning", "default"), map(_key_row, keys())),
        "reasons": _table(("reason", "state", "means", "what to do"), map(_reason_row, Reason)),
        "differences": _table(("difference", "means"), _difference_rows()),
        "warnings": _table(("warning", "means", "what to do"), map(_warning_row, WarningCode)),
    }
    for name, command in cli.commands.items():
        rows = _option_rows(command)
        table = _table(("option", "does"), rows)
        made_parts[f"options of {name}"] = table if rows else NO_OPTIONS
    return made_parts


def example() -> str:
    """Return config.example.yaml: each key with its example, or else its default."""
    values: dict[str, Value] = {}
    for key in keys():
        section, _dot, inner = key.place.partition(".")
        value = EMPTY if key.example is None else key.example
        if not inner:
            values[section] = value
        elif section in values:  # `vat[]` is not: the example of `vat` has whole rows
            values[section] = {**_as_section(values[section]), inner: value}

    _usual_opening, _blank, settings = config_text(values).partition("\n\n")
    return f"{OPENING}\n{settings}".replace(f": {EMPTY}\n", ":\n")


def _as_section(value: Value) -> dict[str, Value]:
    """Return what a section holds so far: before its first key that is nothing."""
    return value if isinstance(value, dict) else {}


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    escaped = ((cell.replace("|", r"\|") for cell in line) for line in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in escaped)


def _command_rows() -> list[tuple[str, str]]:
    return [(f"[`{name}`](#{name})", command.help or "") for name, command in cli.commands.items()]


def _option_rows(command: click.Command) -> list[tuple[str, str]]:
    """Return a row for each option that its help shows, in the words of that."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    options = [option for option in options if not option.hidden]
    return [
        (_written(option), " ".join([option.help or "", *_extras(option)])) for option in options
    ]


def _written(option: click.Option) -> str:
    """Write an option as it is typed, like `--wait SECONDS`."""
    value = option.metavar or ""
    if isinstance(option.type, click.Choice):
        value = "|".join(option.type.choices)
    names = (f"{name} {value}".strip() for name in option.opts)
    return ", ".join(f"`{name}`" for name in names)


def _extras(option: click.Option) -> list[str]:
    """Return what an option's help leaves to click to tell."""
    extras = []
    if option.envvar:
        extras.append(f"Also the environment variable `{option.envvar}`.")
    if not option.is_flag and isinstance(option.default, str | int):
        extras.append(f"Default: `{option.default}`.")
    return extras


def _key_row(key: Key) -> tuple[str, str, str]:
    """Return the key, what it means, and its default."""
    meaning, _mark, default = explained(key).partition(" Default: ")
    default = default.removesuffix(".")
    if key.default:
        default = f"`{key.default}`"
    elif key.is_required:
        default = "required"

    # A secret may stand in a file, which has a key of its own.
    section, _dot, name = key.place.partition(".")
    if (section, name) not in SECRET_FILES:
        return f"`{key.place}`", meaning, default
    return (
        f"`{key.place}`, `{key.place}_file`",
        meaning,
        default.replace("required", "one is required"),
    )


def _reason_row(reason: Reason) -> tuple[str, str, str, str]:
    """Return a reason with its sentences; each value of an order is a `…` in them."""
    message, suggestion = (re.sub(r"\([a-z_]+\)", "…", text) for text in explain(reason, {}))
    what_to_do = suggestion.removesuffix(RETRY.format(number="…")).rstrip()
    return f"`{reason}`", state_of(reason).value, message, what_to_do


def _difference_rows() -> list[tuple[str, str]]:
    return [
        (f"`{code}`", re.sub(r"\{[a-z_]+\}", "…", row.text)) for code, row in DIFFERENCES.items()
    ]


def _warning_row(code: WarningCode) -> tuple[str, str, str]:
    row = WARNINGS[code]
    message, suggestion = (
        re.sub(r"\{[a-z_]+\}", "…", text) for text in (row.message, row.suggestion)
    )
    return f"`{code}`", message, suggestion


def main() -> None:
    """Write what has to be other than it is, and tell which files those were."""
    for path, text in made().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"Made anew: {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
