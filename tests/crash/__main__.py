"""`make crash`: the whole sweep. `python -m tests.crash --help` tells what can be left out."""

import argparse
import sys
import time

from tests.crash.sweep import SCENES, Amount, sweep


def main() -> int:
    """Sweep, tell the figures, and return 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description="Kill the command, run it again, compare."
    )
    parser.add_argument("--lines", type=int, default=840, help="lines a scene (default 840)")
    parser.add_argument(
        "--few",
        action="store_true",
        help="not every boundary by all signals, but one of a kind by KILL",
    )
    parser.add_argument("--seed", type=int, default=1, help="which lines are chosen (default 1)")
    parser.add_argument(
        "--scene",
        action="append",
        choices=[scene.name for scene in SCENES],
        metavar="NAME",
        help="only this scene; may be repeated: %(choices)s",
    )
    options = parser.parse_args()
    scenes = [scene for scene in SCENES if scene.name in (options.scene or [scene.name])]
    started = time.monotonic()

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - the result

    amount = Amount(every=not options.few, lines=options.lines)
    well = sweep(amount, say, seed=options.seed, scenes=scenes)
    say(f"{time.monotonic() - started:.0f} seconds")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
