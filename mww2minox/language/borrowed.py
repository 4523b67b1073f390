"""What other packages and the system say to our users, for the catalogue: they, or `_`, look it up
when it is shown.

Only what our users can meet. A test asserts that each still stands in the sources of the package
that says it.
"""

import errno

from mww2minox.language.texts import N_


def ngettext(singular: str, plural: str) -> tuple[str, str]:
    """Mark a text with a plural; it bears the name that the extraction of texts looks for."""
    return singular, plural


CLICK = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("[OPTIONS]"),
    N_("COMMAND [ARGS]..."),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Aborted!"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("Option {name!r} does not take a value."),
    N_("Error: invalid input"),
    N_("Error: The two entered values do not match."),
    N_("Repeat for confirmation"),
)
CLICK_PLURALS = (
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ngettext(
        "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."
    ),
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    ngettext(
        "{value!r} does not match the format {format}.",
        "{value!r} does not match the formats {formats}.",
    ),
    ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
)

SYSTEM = {
    errno.EACCES: N_("Permission denied"),
    errno.EADDRINUSE: N_("Address already in use"),
    errno.EADDRNOTAVAIL: N_("Cannot assign requested address"),
    errno.ECONNREFUSED: N_("Connection refused"),
    errno.EEXIST: N_("File exists"),
    errno.EFBIG: N_("File too large"),
    errno.EHOSTUNREACH: N_("No route to host"),
    errno.EIO: N_("Input/output error"),
    errno.EISDIR: N_("Is a directory"),
    errno.ELOOP: N_("Too many levels of symbolic links"),
    errno.ENAMETOOLONG: N_("File name too long"),
    errno.ENETUNREACH: N_("Network is unreachable"),
    errno.ENOENT: N_("No such file or directory"),
    errno.ENOSPC: N_("No space left on device"),
    errno.ENOTDIR: N_("Not a directory"),
    errno.EPERM: N_("Operation not permitted"),
    errno.EROFS: N_("Read-only file system"),
}

SQLITE = (
    N_("attempt to write a readonly database"),
    N_("database disk image is malformed"),
    N_("database is locked"),
    N_("database or disk is full"),
    N_("disk I/O error"),
    N_("file is not a database"),
    N_("unable to open database file"),
)

YAML = (
    N_("mapping values are not allowed here"),
    N_("sequence entries are not allowed here"),
    N_("could not find expected ':'"),
    N_("found unexpected end of stream"),
    N_("found character ... that cannot start any token"),
    N_("found character '@' that cannot start any token"),
    N_("found character '%' that cannot start any token"),
    N_("found character '`' that cannot start any token"),
    N_("expected <block end>, but found '?'"),
    N_("expected <block end>, but found '-'"),
    N_("expected <block end>, but found '<scalar>'"),
    N_("expected <block end>, but found '<block mapping start>'"),
    N_("expected <block end>, but found '<block sequence start>'"),
    N_("expected the node content, but found '}'"),
    N_("expected the node content, but found ']'"),
    N_("but found another document"),
    N_("expected ..."),
)
"""As `document.py` shows it: with `...` for what may be a value of the file."""
