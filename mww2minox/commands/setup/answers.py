"""The answers of `setup` while they are gathered: in the form of the config, kept in a draft so
that none is lost.

They come from the present config, the draft of an interrupted setup, and what a script gives, the
later ones first. An answer that was taken away stays in the draft as an empty one, so that the
present config does not bring it back.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from mww2minox.commands.setup.configtext import save_private
from mww2minox.config.loading import settings_of
from mww2minox.config.settings import Config
from mww2minox.config.yaml_file import Document, Place, Value, read_document
from mww2minox.errors import ConfigError
from mww2minox.language.texts import _

REDIRECT_URI = "http://127.0.0.1:8765/callback"
PLACEHOLDERS: dict[str, Value] = {
    "shop": {"token": "?", "statuses": [1], "since": "2000-01-01"},
    "minox": {
        "client_id": "?",
        "client_secret": "?",
        "redirect_uri": REDIRECT_URI,
        "tenant": "0",
        "administration": "0",
        "journal": "?",
    },
    "vat": [{"region": "NL", "rate": 0, "code": "?", "ledger": "?"}],
}
"""What stands in a config that is not complete yet, so that each vendor can be asked as soon as its
keys are known.
"""


class Answers:
    """The values of the config to be, and those under `setup`, which are about setup itself."""

    def __init__(
        self, target: Path, script: Path | None = None, options: Mapping[str, Value] | None = None
    ) -> None:
        """Take up what is there for the config at `target`, then a `script`'s file of answers, and
        dotted `options`.

        Raises ConfigError for the first of them that holds what no config can; nothing is kept of
        it then.
        """
        self.target = target
        self.draft = target.with_name(f"{target.name}.draft")
        self.about_setup: dict[str, Value] = {}
        self._lines: Mapping[Place, int] = {(): 1}
        self._source: Path | None = None
        self._kept: dict[str, Value] = {}

        for source in (target, self.draft, *filter(None, [script])):
            if source.exists() or source == script:
                self._take_up(source)

        for dotted, value in (options or {}).items():
            self._set(value, *dotted.split("."))
        self._source = None
        self.config()

    def _take_up(self, source: Path) -> None:
        """Put a file's answers over those so far; ConfigError for what no config can hold."""
        self._source = source
        try:
            document = read_document(source)
            if document.problems:
                raise document.error()
        except ConfigError as error:
            raise self._explained(error) from None

        self._lines = document.lines
        self._kept = _merged(self._kept, document.values)
        about_setup = self._kept.pop("setup", None)
        self.about_setup = about_setup if isinstance(about_setup, dict) else {}
        self.config()

    def _explained(self, error: ConfigError) -> ConfigError:
        """Say what to do about a file that cannot be taken up: a draft can be thrown away."""
        if self._source is None:
            suggestion = _("Correct that, then run: mww2minox setup")
        elif self._source == self.draft:
            suggestion = _(
                "Correct that file, or remove it to begin anew; then run: mww2minox setup"
            )
        else:
            suggestion = _("Correct that file, then run: mww2minox setup")
        return ConfigError(error.problems, self._source, suggestion)

    @property
    def values(self) -> dict[str, Value]:
        """All answers, as a config has them."""
        return _filled(self._kept)

    def get(self, *place: str) -> Value:
        """Return the answer at a place, or None."""
        value: Value = self._kept
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def put(self, value: Value, *place: str) -> None:
        """Keep an answer (None: take it away), in the draft too."""
        self._set(value, *place)
        save_private(self.draft, yaml.safe_dump(self._kept, sort_keys=False, allow_unicode=True))

    def _set(self, value: Value, *place: str) -> None:
        section = self._kept
        for key in place[:-1]:
            inner = section.get(key)
            below = dict(inner) if isinstance(inner, dict) else {}
            section[key] = below
            section = below
        section[place[-1]] = value

    def config(self) -> Config:
        """Return the settings so far, with placeholders for what is missing. Raises ConfigError."""
        values = _merged(PLACEHOLDERS, self.values)
        _without_placeholders_for_files(values)
        if self.has_nameless_statuses:
            values = _merged(values, {"shop": {"statuses": [1]}})
        return self._settings(values)

    @property
    def has_nameless_statuses(self) -> bool:
        """Whether statuses are chosen by name while nothing tells names: the partner token is
        gone.
        """
        tokens = (self.get("shop", key) for key in ("partner_token", "partner_token_file"))
        if any(isinstance(token, str) for token in tokens):
            return False

        chosen = self.get("shop", "statuses")
        return isinstance(chosen, list) and not all(str(status).isdecimal() for status in chosen)

    def complete(self) -> Config:
        """Return the settings, of which nothing may be missing. Raises ConfigError."""
        return self._settings(self.values)

    def _settings(self, values: dict[str, Value]) -> Config:
        try:
            return settings_of(Document(self.target, values, self._lines, {}))
        except ConfigError as error:
            raise self._explained(error) from None

    def done(self) -> None:
        """Throw the draft away."""
        self.draft.unlink(missing_ok=True)


def _filled(section: Mapping[str, Value]) -> dict[str, Value]:
    """Return a section without what was taken away."""
    filled: dict[str, Value] = {}
    for key, value in section.items():
        left = _filled(value) if isinstance(value, dict) else value
        if left is not None and left != {}:
            filled[key] = left
    return filled


def _merged(below: Mapping[str, Value], above: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values of both; sections are merged, and else `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merged(under, value)
        else:
            merged[key] = value
    return merged


def _without_placeholders_for_files(values: dict[str, Value]) -> None:
    """A secret that is in a file needs no placeholder beside it."""
    for section in values.values():
        if isinstance(section, dict):
            for key in [key for key in section if f"{key}_file" in section]:
                del section[key]
