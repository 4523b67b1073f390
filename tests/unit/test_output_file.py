"""A file that a person asked for: whole or not at all, for its owner only."""

import errno
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mww2minox.errors import CannotWrite
from mww2minox.steps.output_file import write_output


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_its_owner_only_and_another_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_output(target, ["a", "b"], "x")
    assert (target.read_text(), mode(target)) == ("ab", 0o600)

    target.chmod(0o644)
    write_output(target, ["c"], "x")
    assert (target.read_text(), mode(target)) == ("c", 0o644)


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    def parts() -> Iterator[str]:
        yield "half"
        raise OSError(errno.EIO, "Input/output error")

    target = tmp_path / "report.html"
    target.write_text("whole")
    with pytest.raises(CannotWrite) as failure:
        write_output(target, parts(), "Choose another: mww2minox report")
    assert target.read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert failure.value.suggestion == "Choose another: mww2minox report"


def test_a_link_stays_one_and_a_folder_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write_output(link, ["a"], "x")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "a"
    with pytest.raises(CannotWrite):
        write_output(tmp_path, ["a"], "x")
