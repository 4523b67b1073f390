"""Run the command as `python -m mww2minox`."""

from mww2minox.cli import main

if __name__ == "__main__":
    main()
