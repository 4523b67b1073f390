"""Keeps the page readable: what `make lint` asks of it beside ruff.

Prints each place, and exits 1 where there is one:

- a conditional expression inside another one, or two in one statement;
- a function of 12 lines or more without a pause: a blank line or a comment inside it.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LONG = 12
"""From so many lines on, counted without the docstring, a function needs a pause."""


def main(folders: list[str]) -> int:
    """Look at every Python file below `folders`; return the exit code."""
    problems = [
        f"{path}:{line}: {problem}"
        for folder in folders
        for path in sorted(Path(folder).rglob("*.py"))
        for line, problem in problems_of(path.read_text(encoding="utf-8"))
    ]
    for problem in problems:
        sys.stdout.write(f"{problem}\n")

    return 1 if problems else 0


def problems_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and sentence of each problem in a module's source."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            yield from _crowded(node)
        if isinstance(node, ast.FunctionDef):
            yield from _breathless(node, lines)


def _crowded(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """A statement says `if ... else` at most once."""
    conditionals = [node for node in _own(statement) if isinstance(node, ast.IfExp)]
    if len(conditionals) > 1:
        yield statement.lineno, f"{len(conditionals)} conditional expressions in one statement"


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what belongs to a statement itself, and not to the statements inside it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(statement))
    while waiting:
        node = waiting.pop()
        # A match's case and an except clause hold statements without being one.
        if isinstance(node, ast.stmt):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _breathless(function: ast.FunctionDef, lines: list[str]) -> Iterator[tuple[int, str]]:
    """A long function has paragraphs, or a comment that says why."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return

    first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    inside = (line.strip() for line in lines[first:last])
    paused = any(not line or line.startswith("#") for line in inside)
    if last - first + 1 >= LONG and not paused:
        yield function.lineno, f"{function.name} has {last - first + 1} lines without a pause"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
