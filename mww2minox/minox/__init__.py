"""The books' side: Minox."""
