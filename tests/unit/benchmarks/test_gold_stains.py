"""The gold of stains: rows that can be scored, drawn as `benchmarks/gold_stains.py` says, and without text."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
GOLD = ROOT / "tests" / "data" / "gold_stains.jsonl"
VERDICTS = {"positive", "negative", "equivocal", "retained", "lost"}
LONGEST_LABEL = 20
"""Of a marker or a result; longer ones would be words of a report."""


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts of `benchmarks/` can be imported, as they import one another."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in ("curation_gold", "gold_draw", "gold_stains", "stain_results"):
        if name not in before:
            sys.modules.pop(name, None)


@pytest.fixture
def rows() -> list[dict]:
    return [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]


def test_each_half_has_enough_results_of_patients_that_no_other_gold_has(rows: list[dict]) -> None:
    """No patient and no text is there twice."""
    from gold_draw import patient
    from gold_stains import BLIND, BLIND_AGAIN, DRAWS, older_gold

    older = older_gold()
    halves = {half for _, sizes in DRAWS for half in sizes} | {BLIND, BLIND_AGAIN}

    assert {row["half"] for row in rows} == halves
    for half in halves:
        own = [row for row in rows if row["half"] == half]
        assert len(own) >= 40
        assert sum(len(one.get("markers", [])) for row in own for one in row["statements"]) >= 50
    assert len({patient(row["id"]) for row in rows}) == len({row["sha256"] for row in rows}) == len(rows)
    assert not {patient(row["id"]) for row in older} & {patient(row["id"]) for row in rows}
    assert not {row["sha256"] for row in older} & {row["sha256"] for row in rows}


def test_rows_hold_offsets_and_short_labels_and_no_text(rows: list[dict]) -> None:
    """Statements in the order of the report, each within it; a result is a verdict or a number."""
    for row in rows:
        assert set(row) == {"id", "sha256", "half", "chars", "statements"}
        spans = [(one["start"], one["end"]) for one in row["statements"]]
        assert all(0 <= start < end <= row["chars"] for start, end in spans), row["id"]
        assert all(left[1] <= right[0] for left, right in pairwise(sorted(spans))), row["id"]
        for one in row["statements"]:
            assert set(one) <= {"start", "end", "history", "markers"}, row["id"]
            assert one.get("history", True) is True
            assert one.get("markers", True), f"{row['id']}: no markers are left out, not empty"
            for stain in one.get("markers", []):
                assert set(stain) == {"marker", "result"}
                assert 0 < len(stain["marker"]) <= LONGEST_LABEL, row["id"]
                is_number = any(map(str.isdigit, stain["result"])) and len(stain["result"]) < LONGEST_LABEL
                assert stain["result"] in VERDICTS or is_number, row["id"]


@pytest.mark.usefixtures("real_data")
@pytest.mark.slow
def test_reports_are_the_drawn_ones_and_statements_hold_the_drawn_mentions(rows: list[dict]) -> None:
    """In drawing order, and their texts are those that were annotated; no statement begins or ends within a word."""
    from curation_gold import real_reports
    from gold_stains import drawn, drawn_blind, older_gold

    reports = real_reports()
    again = drawn(reports, older_gold())
    again += drawn_blind(reports, [{"id": name} for name, _, _ in again])

    assert [(row["id"], row["half"]) for row in rows] == [(name, half) for name, half, _ in again]
    for row, (name, _, characters) in zip(rows, again, strict=True):
        text = reports[name]
        assert hashlib.sha256(text.encode()).hexdigest() == row["sha256"], name
        assert len(text) == row["chars"], name
        spans = [(one["start"], one["end"]) for one in row["statements"]]
        for character in characters:
            assert any(start <= character < end for start, end in spans), f"{name}: {character}"
        for start, end in spans:
            assert start == 0 or not (text[start - 1 : start] + text[start]).isalnum(), f"{name}: {start}"
            assert text[start:end].strip() == text[start:end], f"{name}: {start} to {end} has a space at an edge"
            assert any(start <= character < end for character in characters), f"{name}: nothing was drawn in {start}"


def test_pairs_of_marker_and_result_are_compared_by_normal_names() -> None:
    """Synonyms are one marker; a number counts beside "positive"; another verdict is wrong, another marker too much."""
    from stain_results import compared, missed_kinds

    from pathalign.text.stains.results import results_in

    text = "CK7 is positive. MIB-1 is 12 %. CDX2 is negative; desmin is positive."
    said = [("cytokeratin 7", "positive"), ("Ki-67", "12%"), ("CDX-2", "positive"), ("OKAPI-3", "negative")]
    gold = {"start": 0, "end": len(text), "markers": [{"marker": name, "result": result} for name, result in said]}

    found = compared(text, gold, results_in(text))

    assert found.gold & found.read == {("CK7", "positive"), ("Ki-67", "12%")}
    assert sorted(found.found().elements()) == ["CDX2", "CK7", "Ki-67"]
    assert missed_kinds([found]) == {
        "positive read as negative": 1, "negative of an unknown name not read": 1, "positive too much": 1,
    }  # fmt: skip
