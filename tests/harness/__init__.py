"""What tests share: made-up values, clients, clocks, worlds, and the runner of the command."""
