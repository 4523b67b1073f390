"""The reader's language: every text that a user sees."""
