"""Keys of equal texts, and sentence case."""

from __future__ import annotations

import pytest

from pathalign.text.normalise import sentence_case, text_key, tidy

pytestmark = pytest.mark.unit


def test_equal_texts_have_equal_keys() -> None:
    """Case, bullets, punctuation and line breaks do not tell texts apart."""
    assert text_key("  - TUBULAR  ADENOMA,\n low-grade.") == text_key("Tubular adenoma: low grade")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Negative for carcinoma", "Positive for carcinoma"),
        ("Gleason 3+4=7", "Gleason 4+3=7"),
        ("HER2(-)", "HER2(+)"),
        ("HER2-", "HER2+"),
        ("3.1", "31"),
        ("adenoma, carcinoma", "carcinoma, adenoma"),
    ],
)
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    """Words, their order, digits and signs of a stain do."""
    assert text_key(one) != text_key(other)


def test_a_key_is_its_own_key() -> None:
    """Normalising twice changes nothing."""
    key = text_key("Colon: Adenocarcinoma (HER2-), Gleason 3+4=7.")

    assert text_key(key) == key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LUNG, RIGHT UPPER LOBE, LOBECTOMY", "Lung, right upper lobe, lobectomy"),
        ("GLEASON SCORE 7", "Gleason score 7"),
        ("ductal carcinoma, ER positive", "Ductal carcinoma, ER positive"),
        ("DCIS, SOLID", "DCIS, solid"),
        ("2 of 11 lymph nodes", "2 of 11 lymph nodes"),
        ("p53 overexpressed", "p53 overexpressed"),
        ("", ""),
    ],
)
def test_sentence_case(text: str, expected: str) -> None:
    """A text in capitals is lowered, acronyms and eponyms aside; another only gets its first capital."""
    assert sentence_case(text) == expected


def test_tidy_drops_the_bullet_and_spare_spaces() -> None:
    """One line is left, without bullet and doubled spaces."""
    assert tidy("  -  Adenocarcinoma ,\n  acinar ") == "Adenocarcinoma, acinar"
