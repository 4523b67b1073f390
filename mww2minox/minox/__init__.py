"""The books' side: Minox."""

# no text: a key in the state, or what a UUID is derived from
TRIAL = "trial booking in Minox"
"""A note of the trial booking that is in Minox now, or may be."""
