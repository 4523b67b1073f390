"""The shop's side: Mijnwebwinkel (MyOnlineStore)."""

PAGE = 100
"""Orders per request: the most that the shop gives."""
