"""The lines that install it run one after the other: here with stand-ins for the programs."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "mww2minox/docs/nl/handleiding.md"]
BLOCK = re.compile(r"^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAMS = {
    "sudo": 'exec "$@"\n',
    "apt-get": "exit 0\n",
    "git": """\
case $1 in
    clone) [ ! -e mww2minox ] && mkdir mww2minox ;;
    -C) [ -d "$2" ] && [ "$3" = pull ] ;;
    *) exit 1 ;;
esac
""",
    "pipx": """\
[ "$1" = ensurepath ] && exit 0
[ "$1" = install ] || exit 1
[ ! -e "$HOME/.local/bin/mww2minox" ] || [ "$2" = --force ] || exit 1
for spec; do :; done
[ -d "${spec%%"["*}" ] || exit 1
mkdir -p "$HOME/.local/bin"
cp "$MWW2MINOX" "$HOME/.local/bin/mww2minox"
""",
    "uv": """\
[ "$1 $2" = "tool update-shell" ] && exit 0
[ "$1 $2" = "tool install" ] && [ -d "${3%%"["*}" ]
""",
}


def lines(page: str) -> str:
    """Return the lines of a page that install it, in order."""
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    return "".join(block for block in blocks if re.search("pipx install|uv tool", block))


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_run_one_after_the_other(page: str, tmp_path: Path) -> None:
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    asked = tmp_path / "asked"
    for name, text in {**PROGRAMS, "stub": f'echo "$@" >> {asked}\n'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}")
        (programs / name).chmod(0o755)

    env = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "MWW2MINOX": str(programs / "stub"),
    }
    done = subprocess.run(
        ["/bin/bash", "-euxc", lines(page)],
        env=env,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert asked.read_text().splitlines() == ["setup"]


@pytest.mark.parametrize("page", PAGES)
def test_the_extras_that_they_name_are_there(page: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = set(re.findall(r"mww2minox\[([a-z,]+)\]", lines(page)))
    assert named == {"notify,sandbox"}
    assert {"notify", "sandbox"} <= set(project["optional-dependencies"])
