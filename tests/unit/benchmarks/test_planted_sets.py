"""The sets of invented identifiers that `benchmarks/deidentification.py` plants: apart, and whole."""

import hashlib
import random
import re
import sys
from itertools import combinations
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

APART = ("headers", "bodies", "signatures", "surnames", "given", "towns", "institutions")


@pytest.fixture
def sets(monkeypatch):
    """Scripts of `benchmarks/` can be imported, as they import one another."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    from planted.sets import SETS

    yield SETS
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "planted":
            del sys.modules[name]


@pytest.mark.parametrize("part", APART)
def test_sets_share_nothing(sets, part):
    """No line, name, town or shape of an institution stands in two sets."""
    for one, other in combinations(sets.values(), 2):
        assert not set(getattr(one, part)) & set(getattr(other, part))


def test_a_hash_says_which_half_of_the_pool_is_whose(sets):
    """Of each pair of lines and of names in order of their hashes, the first is of the sixth set."""
    fifth, sixth = sets["fifth"], sets["sixth"]
    for part in ("headers", "bodies", "signatures"):
        for one, other in zip(getattr(fifth, part), getattr(sixth, part), strict=True):
            assert _hash(other) < _hash(one)
    for part in ("surnames", "given", "towns", "institutions"):
        pool = sorted(getattr(fifth, part) + getattr(sixth, part), key=_hash)
        assert set(pool[::2]) == set(getattr(sixth, part))


def test_every_kind_in_braces_is_drawn(sets):
    """Lines ask for identifiers that can be drawn, and what is drawn has no brace and no mark of a shape left."""
    from planted.values import Values

    for one in sets.values():
        values = Values(one, random.Random(0))
        kinds = set(re.findall(r"\{(.*?)\}", " ".join(one.headers + one.bodies + one.signatures)))
        assert {"full", "listed", "last", "date", "accession", "institution"} <= kinds
        for kind in kinds:
            assert not set("{}#") & set(values.draw(kind))


def test_a_street_begins_with_a_number(sets):
    """Whether the shapes of streets hold one ("12 {} Lane") or none; a few spell it ("One {} Plaza")."""
    from planted.values import Values

    for one in sets.values():
        values = Values(one, random.Random(0))
        numbered = [bool(re.search(r"\d", values.draw("street"))) for _ in range(50)]
        assert sum(numbered) > 40


def _hash(text):
    return hashlib.sha256(text.encode()).digest()
