"""Steps that several commands share: each gathers, decides and applies one thing. A command imports
steps, never another command.
"""
