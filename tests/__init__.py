"""The tests: `unit` for the pure parts, `contract` for the clients, `system` for the command
itself.
"""
