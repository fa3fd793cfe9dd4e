"""What a text looks like each time it is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pathalign.domain.records import SlideText
from pathalign.train.text_views import text_view

pytestmark = pytest.mark.unit


@pytest.fixture
def text(a_text: Callable[..., SlideText]) -> SlideText:
    """A diagnosis of three sentences after its organ."""
    return replace(
        a_text(0), generation_text="adenocarcinoma.",
        retrieval_text="colon, sigmoid: adenocarcinoma. 12 nodes; none positive. margins are free.",
    )  # fmt: skip


def test_views_and_how_often_they_come(text: SlideText) -> None:
    """Whole in 40 %, short in 30 %, else with sentences left out, but never the organ or the diagnosis."""
    random = np.random.default_rng(0)

    views = Counter(text_view(text, random) for _ in range(4000))

    # In the last 30 % all three other sentences are kept in one of eight cases.
    assert views[text.retrieval_text] / 4000 == pytest.approx(0.4 + 0.3 / 8, abs=0.03)
    assert views["adenocarcinoma."] / 4000 == pytest.approx(0.3, abs=0.03)
    assert len(views) == 1 + 8
    long = [view for view in views if view != "adenocarcinoma."]
    assert all(view.startswith("colon, sigmoid: adenocarcinoma.") for view in long)
    assert "colon, sigmoid: adenocarcinoma." in views


def test_a_text_without_an_organ_keeps_its_first_sentence(text: SlideText) -> None:
    """Without a colon the first sentence is the diagnosis."""
    plain = replace(text, retrieval_text="adenoma. margins are free.")
    random = np.random.default_rng(0)

    views = {text_view(plain, random) for _ in range(300)}

    assert views == {"adenoma. margins are free.", "adenocarcinoma.", "adenoma."}


def test_a_view_follows_its_generator(text: SlideText) -> None:
    """Equal generators give equal views."""
    a, b = ([text_view(text, random) for _ in range(20)] for random in map(np.random.default_rng, (3, 3)))

    assert a == b
