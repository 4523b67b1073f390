"""One module a command: what it does, from the parts in `wiring`; each returns an exit status."""
