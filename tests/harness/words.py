"""Tells English from Dutch, for texts that must be wholly Dutch."""

import re

ENGLISH = re.compile(
    r"(?<![\w./`'{-])((?i:the|and|this|these|for|with|not|nothing|which|from|are|has|have|that|you|your|there|cannot|"
    r"its|then|run|again|order|orders|booked|waiting|failed|skipped|verified|amount|usage|options|commands|error|try|"
    r"invalid|missing|no such|customer|date)|it|to|be|by|so)(?![\w./`'=:}-])"
)
"""Words that no Dutch sentence has, nor a code of a country; not those of a command, an option or a
key.
"""
