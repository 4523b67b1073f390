"""The shop's side: Mijnwebwinkel (MyOnlineStore)."""
