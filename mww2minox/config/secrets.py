"""Where secrets come from: the environment, the env file beside the config, or systemd.

A unit with `LoadCredential=` gets copies in $CREDENTIALS_DIRECTORY, under the names that `mww2minox
schedule` gives them: `environment` for the env file, and the key of the config (`shop.token`) for
the file of one secret. No problem that is told here repeats what a file holds.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path

from mww2minox.config.yaml_file import REFERENCE, Document, Value, env_file
from mww2minox.language.texts import _, system_problem

ENVIRONMENT = "environment"
"""The credential that holds the env file."""


def handed_over(name: str) -> Path | None:
    """Return the file that systemd hands over as this credential; None when it does not."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, name) if folder else None
    return path if path and os.path.lexists(path) else None


def environment(document: Document) -> dict[str, str]:
    """Return the variables that a config can take: the process' own, then those of its env file."""
    values = env_values(document)
    for name, value in os.environ.items():
        # One that is set to nothing does not hide that of the env file.
        if value or name not in values:
            values[name] = value
    return values


def env_values(document: Document) -> dict[str, str]:
    """Read the env file of a config; what is wrong with it becomes a problem of the config."""
    path = handed_over(ENVIRONMENT) or env_file(document.path)
    name = env_file(document.path).name

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        unreadable = _("{file} beside it cannot be read: {problem}")
        problem = unreadable.format(file=name, problem=system_problem(error))
        document.add((), problem)
        return {}
    except ValueError:
        document.add((), _("{file} beside it is no text in UTF-8").format(file=name))
        return {}

    return _parsed(document, text)


def _parsed(document: Document, text: str) -> dict[str, str]:
    """Take `NAME=VALUE` lines as a shell would, but put nothing in the place of `$NAME` within a
    value.

    `dotenv_values` passes over a line that it cannot read; the parser behind it tells which one.
    """
    from dotenv.parser import parse_stream

    bindings = list(parse_stream(io.StringIO(text)))
    wrong = ", ".join(str(binding.original.line) for binding in bindings if binding.error)
    if wrong:
        problem = _("{file} beside it has lines that are not NAME=VALUE: {lines}")
        document.add((), problem.format(file=env_file(document.path).name, lines=wrong))

    return {
        binding.key: binding.value
        for binding in bindings
        if binding.key and binding.value is not None
    }


def variables(document: Document) -> set[str]:
    """Return the names of the variables that a config takes."""
    return {name for text in _texts(document.values) for name in REFERENCE.findall(text)}


def _texts(value: Value) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield value
        case _:
            pass
