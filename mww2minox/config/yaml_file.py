"""A YAML file as plain values, each with the line it stands on, and the problems found in it.

Stricter than YAML itself where YAML would guess: a key given twice is a problem, `NO` is a text and
not false, `0100` is a text and not 64, and numbers with a point stay texts, so that money never is
binary.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

import yaml

from mww2minox.errors import ConfigError
from mww2minox.language.texts import _, system_problem

# no text: a type
Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
Place = tuple[str | int, ...]

PLAIN_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
REFERENCE = re.compile(r"\$\{([^}]*)\}?")
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
QUOTED = re.compile(r"""(['"])(?!<).{2,}\1""")
TAG = "tag:yaml.org,2002:"
TAGS = {
    TAG + kind
    for kind in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
}
MAX_SHOWN = 60
MAX_DEPTH = 50
"""Nested deeper, a text is for the loader that tells so."""


@dataclass(frozen=True)
class Document:
    """What a YAML file says: its values as written, and the line of each place.

    Problems are added to it.
    """

    path: Path
    values: dict[str, Value]
    lines: Mapping[Place, int]
    problems: dict[Place, str]

    def add(self, place: Place, problem: str) -> None:
        """Keep a problem: the first one counts for each place."""
        self.problems.setdefault(place, problem)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of what it would stand in when it is missing."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def at(self, place: Place) -> Value:
        """Return the value at a place as it is written in the file: a reference is not resolved."""
        value: Value = self.values
        for part in place:
            if isinstance(value, dict):
                value = value.get(str(part))
            elif isinstance(value, list) and isinstance(part, int):
                value = value[part]
        return value

    def error(self) -> ConfigError:
        """Return all problems as one error, in the order of the file."""
        ordered = sorted(self.problems.items(), key=lambda item: self.line(item[0]))
        texts = [
            _("{place} (line {line}): {problem}").format(
                place=written(place), line=self.line(place), problem=problem
            )
            for place, problem in ordered
        ]
        return ConfigError(texts, self.path)


def read_document(path: Path) -> Document:
    """Read a YAML file. Raise ConfigError when it cannot be read, is no YAML, or holds no keys."""
    root = _compose(_text(path), path)
    if root is None:
        raise ConfigError([_("the file is empty; copy config.example.yaml and fill it in")], path)

    walk = _Walk()
    values = walk.value(root, ())
    if not isinstance(values, dict):
        problem = _("the file must hold keys like `shop:`; copy config.example.yaml and fill it in")
        raise ConfigError([problem], path)

    return Document(path, values, walk.lines, walk.problems)


def fill_in(document: Document, environment: Mapping[str, str]) -> dict[str, Value]:
    """Return the values with each `${NAME}` replaced; a name that is not set becomes a problem."""
    path = env_file(document.path)

    def visit(value: Value, place: Place) -> Value:
        match value:
            case dict():
                return {key: visit(item, (*place, key)) for key, item in value.items()}
            case list():
                return [visit(item, (*place, index)) for index, item in enumerate(value)]
            case str():
                return filled(value, place)
            case _:
                return value

    def filled(text: str, place: Place) -> str:
        def complain(problem: str) -> None:
            document.add(place, problem)

        return REFERENCE.sub(
            lambda reference: _variable(reference, environment, path, complain), text
        )

    return cast("dict[str, Value]", visit(document.values, ()))


def env_file(config: Path) -> Path:
    """Return where a config's env file is, if it has one: `shop.env` for `shop.yaml`."""
    return config.with_suffix(".env")


def written(place: Place) -> str:
    """Write a place in words: `shop.url`, or `row 3 of vat, rate`."""
    words = separator = ""
    for part in place:
        if isinstance(part, int):
            # Only in the list of VAT codes is an entry a section itself.
            entry = _("row {number} of {list}") if words == "vat" else _("value {number} of {list}")
            words = entry.format(number=part + 1, list=words)
            separator = ", "
        else:
            words = f"{words}{separator}{_key(part)}"
            separator = "."

    return words or _("the file")


def shown(value: Value) -> str:
    """Write a value so that its author knows it again, and a section or a list as what it is."""
    match value:
        case None:
            return _("an empty value")
        case bool():
            return str(value).lower()
        case list():
            return _("a list")
        case dict():
            return _("a section")
        case _:
            text = repr(value)

    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = _("the file cannot be read: {problem}").format(problem=system_problem(error))
        raise ConfigError([problem], path) from None
    except ValueError:
        raise ConfigError([_("the file is no text in UTF-8; save it as UTF-8")], path) from None


def _loader_for(text: str) -> type[yaml.SafeLoader]:
    """Return libyaml's loader, which takes a tenth of the time, for a text that nothing is wrong
    with; what is wrong with any other is told in the words of the one in Python.
    """
    fast: type[yaml.SafeLoader] | None = getattr(yaml, "CSafeLoader", None)
    if fast is None:
        return _Loader

    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=fast):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            if depth > MAX_DEPTH or documents > 1 or getattr(event, "anchor", None) is not None:
                return _Loader
    except (yaml.YAMLError, ValueError):
        return _Loader
    return fast


class _Loader(yaml.SafeLoader):
    """Refuse anchors and aliases: nobody needs them here, and they can make a file endless."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            problem = _("a value cannot start with & or *; put it in quotes")
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        return super().compose_node(parent, index)


def _compose(text: str, path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_loader_for(text))
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_yaml_problem(error)], path) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise ConfigError(
            [_("the file holds a character that YAML does not allow")], path
        ) from None
    except RecursionError:
        raise ConfigError([_("the file is nested too deeply")], path) from None


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    """Tell what is wrong and where, without the text around it: that can be a secret."""
    mark = error.problem_mark or error.context_mark
    problem = _(QUOTED.sub("...", error.problem or error.context or "?"))

    if mark is None:
        return _("this is no valid YAML: {problem}").format(problem=problem)
    place = {"line": mark.line + 1, "column": mark.column + 1}
    return _("line {line}, column {column}: this is no valid YAML: {problem}").format(
        problem=problem, **place
    )


@dataclass
class _Walk:
    """Turn YAML nodes into values, and keep the lines."""

    lines: dict[Place, int] = field(default_factory=dict)
    problems: dict[Place, str] = field(default_factory=dict)

    def value(self, node: yaml.Node, place: Place) -> Value:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if node.tag not in TAGS:
            self.problems[place] = _("a value cannot start with !; put it in quotes")

        match node:
            case yaml.MappingNode():
                return self.mapping(node, place)
            case yaml.SequenceNode():
                return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
            case _:
                return _scalar(node)

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems[place] = _("a key must be a word; put a text with { or [ in quotes")
            elif self.is_new((*place, key.value), key.start_mark.line + 1):
                values[key.value] = self.value(item, (*place, key.value))
        return values

    def is_new(self, place: Place, line: int) -> bool:
        if place in self.lines:
            problem = _("is given twice, on lines {first} and {second}; keep one")
            self.problems[place] = problem.format(first=self.lines[place], second=line)
            return False
        self.lines[place] = line
        return True


def _scalar(node: yaml.Node) -> Value:
    """Take a scalar as a text, unless it plainly is true, false, a whole number or nothing."""
    text = str(node.value)

    # To YAML 1.1 yes, NO and on are booleans, and 0100 and 1_000 are numbers: to us they are texts.
    if node.tag == TAG + "null":
        return None
    if node.tag == TAG + "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if node.tag == TAG + "int" and PLAIN_INT.fullmatch(text):
        return int(text)
    return text


def _variable(
    reference: re.Match[str],
    environment: Mapping[str, str],
    path: Path,
    complain: Callable[[str], None],
) -> str:
    """Return what a `${NAME}` stands for, empty where there is none; then complain that it can
    stand in the env file at `path`.
    """
    name = reference[1]
    if not ENVIRONMENT_NAME.fullmatch(name) or not reference[0].endswith("}"):
        complain(_("`${` must be followed by the name of an environment variable and `}`"))
        return environment.get(name, "")

    unset = _(
        "the environment variable {name} is not set; set it, or add a line {name}=... to {path}"
    )
    empty = _(
        "the environment variable {name} is empty; set it, or add a line {name}=... to {path}"
    )
    if name not in environment:
        complain(unset.format(name=name, path=path))
    elif not environment[name]:
        complain(empty.format(name=name, path=path))
    return environment.get(name, "")


def _key(key: str) -> str:
    """Write a key without what may be a value stuck to it, as in `token:secret`."""
    text = key.partition(":")[0]
    return text if text.isprintable() and len(text) <= MAX_SHOWN else f"{text!r:.{MAX_SHOWN}}"
