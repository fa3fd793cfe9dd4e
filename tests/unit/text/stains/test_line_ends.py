"""Patterns over the ends of lines."""

from __future__ import annotations

import re

import pytest

from pathalign.text.stains.line_ends import over_line_ends

pytestmark = pytest.mark.unit


def test_a_gap_between_words_may_hold_a_full_stop() -> None:
    """Single spaces and white space between words; not what is repeated, escaped or within a class."""
    pattern = over_line_ends(r"no loss\sof\s?x[ y]\.")

    for said in ("no loss of x .", "no. loss.\nof xy.", "no loss ofx ."):
        assert re.fullmatch(pattern, said)
    for said in ("noloss of x .", "no loss of. xy.", "no loss of x,"):
        assert re.fullmatch(pattern, said) is None
