"""The proof that a period of the VAT return is complete: gathered, proven, stored, and held against
what has changed since.
"""
