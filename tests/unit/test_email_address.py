"""E-mail addresses as people type them (books/rules.md, rule 9)."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from mww2minox.books.email_address import address_of, one_form, spellings


@pytest.mark.parametrize(
    ("given_text", "address"),
    [
        ("jan@example.nl", "jan@example.nl"),
        ("  Jan.Jansen@Example.nl ", "Jan.Jansen@Example.nl"),
        ("Jan Jansen <jan@example.nl>", "jan@example.nl"),
        ('"Jansen, Jan" < jan@example.nl >', "jan@example.nl"),
        ("<jan@example.nl>", "jan@example.nl"),
        ("mailto:jan@example.nl", "jan@example.nl"),
        ("jan@example.nl.", "jan@example.nl"),
        ("jan@example.nl;", "jan@example.nl"),
        ("O'Neil+shop/50%#1@example.com", "O'Neil+shop/50%#1@example.com"),
        ("info@bücher.example", "info@bücher.example"),
        (unicodedata.normalize("NFD", "josé@example.nl"), "josé@example.nl"),
        *[
            (word, "")
            for word in ("", "  ", "-", "geen", "n.v.t.", "N/A", "onbekend", "@", "a@", "@b")
        ],
        *[
            # A word that a shop's form took because of its @: many strangers have the same one.
            (word, "")
            for word in ("geen@geen", "-@-", "x@x.", "n.v.t@nvt", "Geen <geen@mail>", "a@.b")
        ],
    ],
)
def test_an_address_is_taken_out_of_what_was_typed_and_a_word_is_none(
    given_text: str, address: str
) -> None:
    assert address_of(given_text) == address


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("Jan@Example.NL", "jan@example.nl"),
        ("info@bücher.example", "info@bücher.example"),
        ("INFO@BÜCHER.example", "info@bücher.example"),
        ("info@xn--bcher-kva.example", "info@bücher.example"),
        ("info@XN--BCHER-KVA.example", "info@bücher.example"),
        ("info@straße.example", "info@straße.example"),
        ("info@xn--strae-oqa.example", "info@straße.example"),
        ("jan@xn--.example", "jan@xn--.example"),  # no domain, so it stays
        ("jan@a_b.example", "jan@a_b.example"),
        (unicodedata.normalize("NFD", "josé@café.example"), "josé@café.example"),
        ("no address", "no address"),
    ],
)
def test_an_address_has_one_form_however_it_is_written(address: str, form: str) -> None:
    assert one_form(address) == form
    assert one_form(one_form(address)) == form


def test_an_ordinary_address_is_looked_up_as_written_and_in_small_letters() -> None:
    assert spellings("jan@example.nl") == ("jan@example.nl",)
    assert spellings("Jan@Example.nl") == ("Jan@Example.nl", "jan@example.nl")


@pytest.mark.parametrize("address", ["info@bücher.example", "info@xn--bcher-kva.example"])
def test_an_international_address_is_looked_up_in_both_forms(address: str) -> None:
    assert set(spellings(address)) == {"info@bücher.example", "info@xn--bcher-kva.example"}
    assert spellings(address)[0] == address


@pytest.mark.thorough
@given(st.emails())
def test_what_was_a_right_address_before_is_known_by_the_same(address: str) -> None:
    """In plain letters: by that its customer was derived, which never changes."""
    assert address_of(address) == address
    if "xn--" not in address.lower():
        assert one_form(address) == address.strip().lower()


@pytest.mark.thorough
@given(st.text(max_size=30))
def test_whatever_is_typed_has_a_form_and_is_known_by_it(text: str) -> None:
    address = address_of(text)
    assert {one_form(spelling) for spelling in spellings(address)} == {one_form(address)}
