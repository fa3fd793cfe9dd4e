"""Lengths of texts: a rule, and histograms of it."""

from __future__ import annotations

import pytest

from pathalign.text.lengths import WIDTH, LengthHistogram, count_tokens

pytestmark = pytest.mark.unit


def test_long_words_are_several_tokens() -> None:
    """Six letters a piece; each mark is one; spaces are none."""
    assert count_tokens("") == 0
    assert count_tokens("Colon: no tumor.") == 5
    assert count_tokens("adenocarcinoma") == 3


def test_a_histogram_counts_what_it_is_given() -> None:
    """Bins, means, the median's bin and the longest; an empty text is none."""
    lengths = LengthHistogram()
    for text in ("", "a b c", "a b c d", "a " * 20, "a " * 10_000):
        lengths.add(text)
    found = lengths.as_json()

    assert found["texts"] == sum(lengths.bins) == 4
    assert found["mean_words"] == (3 + 4 + 20 + 10_000) / 4
    assert lengths.bins[0] == 2
    assert lengths.bins[20 // WIDTH] == 1
    assert lengths.bins[-1] == 1
    assert (found["median_tokens"], found["longest_tokens"]) == (WIDTH, 10_000)


def test_an_empty_histogram_says_zero() -> None:
    """No text, no division."""
    found = LengthHistogram().as_json()

    assert (found["texts"], found["mean_words"], found["median_tokens"], found["bins"]) == (0, 0.0, 0, [])
