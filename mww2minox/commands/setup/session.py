"""One run of `setup`: what was answered so far, and both vendors as far as they can be asked
already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mww2minox.commands.setup.answers import Answers
from mww2minox.commands.setup.dialogue import Dialogue
from mww2minox.config.settings import Config
from mww2minox.config.yaml_file import Value
from mww2minox.state import Store
from mww2minox.wiring import Wiring

# no text: a key in the state, and its values
NOTE = "setup ended with something to mend"
MAPPING, TRIAL = "mapping", "trial"
"""What a setup left to mend: something that it asks for, or the way of sending VAT too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says: the config to be is `target`, `answers` a script's file of
    answers, `given` dotted keys of the config with their values.
    """

    target: Path
    state: Path | None = None
    answers: Path | None = None
    browser: bool = True
    paste: bool = False
    inline_secrets: bool = False
    verbose: bool = False
    given: Mapping[str, Value] | None = None


class Session:
    """What the steps of a setup share."""

    def __init__(
        self, answers: Answers, dialogue: Dialogue, store: Store, options: Options
    ) -> None:
        """Begin with the `answers` that were taken up."""
        self.answers = answers
        self.dialogue = dialogue
        self.output = dialogue.output
        self.store = store
        self.options = options
        self.to_mend = store.note(NOTE) or "" if options.target.exists() else ""
        """What the setup before this one left to mend; empty where it left nothing."""

    def ended_with(self, to_mend: str) -> None:
        """Keep for the next setup what is left to mend; empty where all is well."""
        self.store.set_note(NOTE, to_mend or None)

    @property
    def config(self) -> Config:
        """The settings by the answers so far."""
        return self.answers.config()

    @property
    def wiring(self) -> Wiring:
        """The vendors by the answers so far."""
        return Wiring(self.config, self.store, self.output)

    def has(self, section: str, key: str) -> bool:
        """Tell whether a key is answered, itself or by a file."""
        return any(self.answers.get(section, name) is not None for name in (key, f"{key}_file"))

    def agreed(self, key: str, question: str, *, default: bool) -> bool:
        """Ask, unless a file of answers says it under `setup`."""
        answer = self.answers.about_setup.get(key)
        if isinstance(answer, bool):
            return answer
        return self.dialogue.yes(f"setup.{key}", question, default=default)
