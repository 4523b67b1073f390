"""Book Mijnwebwinkel orders in Minox: every order exactly once, to the cent."""

__version__ = "0.1.0"
