"""The later gold of curation: rows that can be scored, drawn as `benchmarks/gold_draw.py` says, and without text."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pathalign.text.statements.statement import Kind

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
GOLD = ROOT / "tests" / "data" / "gold_reports.jsonl"
KINDS = {kind.value for kind in Kind}
FLAGS = {"negated", "uncertain", "history", "added"}
LONGEST_LABEL = 16
"""Of a part, a marker or a result; longer ones would be words of a report."""


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts of `benchmarks/` can be imported, as they import one another."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in ("curation_gold", "gold_draw"):
        if name not in before:
            sys.modules.pop(name, None)


@pytest.fixture
def fresh() -> list[dict]:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["half"] == "fresh"]


@pytest.fixture
def of_parts() -> list[dict]:
    return [json.loads(line) for line in GOLD.with_name("gold_parts.jsonl").read_text(encoding="utf-8").splitlines()]


def test_there_are_75_fresh_reports_of_patients_that_the_older_gold_does_not_have(fresh: list[dict]) -> None:
    """No patient is in two halves, nor twice among the fresh ones under one id."""
    from gold_draw import patient

    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    older = {patient(row["id"]) for row in rows if row["half"] != "fresh"}

    assert len({row["id"] for row in fresh}) == len(fresh) == 75
    assert not older & {patient(row["id"]) for row in fresh}


def test_later_sets_are_reports_of_patients_that_no_other_gold_has(of_parts: list[dict]) -> None:
    """No patient is in two sets; there are diagnoses and parts, and statements of a third of those held out."""
    from gold_draw import patient

    older = {patient(json.loads(line)["id"]) for line in GOLD.read_text(encoding="utf-8").splitlines()}

    sets = ["third"] * 120 + ["fourth"] * 120 + ["fifth"] * 240 + ["held-out"] * 240
    assert [row["half"] for row in of_parts] == sets
    assert [row["half"] for row in of_parts if row["statements"]] == ["held-out"] * 80
    for half in dict.fromkeys(sets):
        here = {patient(row["id"]) for row in of_parts if row["half"] == half}
        assert not older & here
        older |= here
    for row in of_parts:
        assert set(row) - {"skipped"} == {"id", "sha256", "half", "diagnoses", "statements", "chars"}
        assert bool(row["statements"]) == ("skipped" in row)
        labels = [part["label"] for one in row["diagnoses"] for part in [*one["parts"], *one.get("lost", [])]]
        assert all(0 < len(label) <= LONGEST_LABEL for label in labels), row["id"]


def test_diagnoses_and_parts_follow_one_another_within_the_report(fresh: list[dict], of_parts: list[dict]) -> None:
    """Parts fill their diagnosis to its end; parts whose label the report lost are kept apart.

    Each label stands once, save where a report itself gives two parts the same.
    """
    for row in fresh + of_parts:
        for diagnosis in row["diagnoses"]:
            assert 0 <= diagnosis["start"] < diagnosis["end"] <= diagnosis["tail"] <= row["chars"], row["id"]
            parts = diagnosis["parts"]
            ends = [part["end"] for part in parts]
            assert all(part["start"] < part["end"] for part in parts), row["id"]
            assert ends == [*(part["start"] for part in parts[1:]), *([diagnosis["end"]] if parts else [])], row["id"]
            assert all(part["start"] >= diagnosis["start"] for part in parts), row["id"]
            lost = diagnosis.get("lost", [])
            assert all(diagnosis["start"] <= part["start"] < diagnosis["end"] for part in lost), row["id"]
            labels = [part["label"] for part in [*parts, *lost]]
            assert len(set(labels)) == len(labels) or row["half"] != "fresh", row["id"]


def test_statements_do_not_overlap_and_have_kinds_that_there_are(fresh: list[dict], of_parts: list[dict]) -> None:
    """In the order of the report; flags are there when they hold; a marker is one of a stain."""
    for row in fresh + of_parts:
        spans = [(one["start"], one["end"]) for one in row["statements"]]
        assert all(0 <= start < end <= row["chars"] for start, end in spans), row["id"]
        assert all(left[1] <= right[0] for left, right in pairwise(spans)), row["id"]
        for one in row["statements"]:
            assert set(one["kinds"]) <= KINDS, row["id"]
            assert sorted(set(one["kinds"])) == one["kinds"], row["id"]
            assert set(one) <= {"start", "end", "kinds", "markers"} | FLAGS, row["id"]
            assert all(one[flag] is True for flag in FLAGS & set(one)), row["id"]
            assert "markers" not in one or "ihc" in one["kinds"], row["id"]
            assert all(set(stain) == {"marker", "result"} for stain in one.get("markers", [])), row["id"]


def test_fresh_rows_hold_labels_and_no_text(fresh: list[dict]) -> None:
    """What is a string is an id, a hash, a half, a kind, or a short label."""
    for row in fresh:
        diagnoses = row["diagnoses"]
        labels = [part["label"] for one in diagnoses for part in [*one["parts"], *one.get("lost", [])]]
        labels += [value for one in row["statements"] for stain in one.get("markers", []) for value in stain.values()]
        assert all(0 < len(label) <= LONGEST_LABEL for label in labels), row["id"]
        assert set(row) == {
            "id", "sha256", "half", "diagnoses", "statements", "chars", "skipped", "ancillary"
        }  # fmt: skip


def test_statements_are_those_that_hold_the_drawn_characters(fresh: list[dict]) -> None:
    """The first seven that are met, or all where a report has fewer; then up to two more of stains, marked as added."""
    from gold_draw import ADDED, STATEMENTS, drawn_characters, is_within

    for row in fresh:
        spans = [(one["start"], one["end"]) for one in row["statements"]]
        first: list[int] = []
        more: list[int] = []
        characters = drawn_characters(row["id"], row["chars"])
        while len(first) < STATEMENTS and (character := next(characters, None)) is not None:
            if not is_within(character, row["skipped"]):
                met = [place for place, span in enumerate(spans) if is_within(character, [span])][:1]
                assert met, f"{row['id']}: character {character} was drawn, and no statement holds it"
                first += [place for place in met if place not in first]
        for character in characters:
            if len(more) == ADDED:
                break
            if is_within(character, row["ancillary"]) and not is_within(character, row["skipped"]):
                met = [place for place, span in enumerate(spans) if is_within(character, [span])][:1]
                assert met, f"{row['id']}: character {character} was drawn, and no statement holds it"
                more += [place for place in met if place not in first + more]
        assert sorted(first + more) == list(range(len(spans))), row["id"]
        assert sorted(more) == [place for place, one in enumerate(row["statements"]) if one.get("added")], row["id"]


def test_what_was_read_again_is_in_the_gold() -> None:
    """Each by its place, in the set that it is said to be of."""
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    places = {
        (row["id"], one["start"], one["end"]): "fresh" if row["half"] == "fresh" else "first"
        for row in rows
        for one in row["statements"]
    }
    again = GOLD.with_name("gold_read_again.jsonl").read_text(encoding="utf-8").splitlines()

    for row in map(json.loads, again):
        assert places.get((row["id"], row["start"], row["end"])) == row["gold"], row["id"]
        assert {*row["before"], *row["again"]} <= KINDS | FLAGS, row["id"]


def test_held_out_statements_hold_a_drawn_character(of_parts: list[dict]) -> None:
    """Six of each report at most, none within what was passed over."""
    from gold_draw import HELD_OUT_STATEMENTS, drawn_characters, is_within

    for row in of_parts:
        assert len(row["statements"]) <= HELD_OUT_STATEMENTS
        drawn = [at for at in drawn_characters(row["id"], row["chars"]) if not is_within(at, row.get("skipped", []))]
        for one in row["statements"]:
            assert any(is_within(at, [(one["start"], one["end"])]) for at in drawn), row["id"]


@pytest.mark.usefixtures("real_data")
def test_later_reports_are_the_drawn_ones_in_drawing_order(fresh: list[dict], of_parts: list[dict]) -> None:
    """And their texts are those that were annotated; no statement begins or ends within a word or with a space."""
    from curation_gold import real_reports
    from gold_draw import drawn_reports

    reports = real_reports()
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()] + of_parts

    for name in ("fresh", "third", "fourth", "fifth", "held-out"):
        assert [row["id"] for row in rows if row["half"] == name] == drawn_reports(reports, rows, name)
    for row in fresh + of_parts:
        text = reports[row["id"]]
        assert hashlib.sha256(text.encode()).hexdigest() == row["sha256"], row["id"]
        assert len(text) == row["chars"], row["id"]
        for one in row["statements"]:
            start, end = one["start"], one["end"]
            is_whole = not (text[start - 1 : start] + text[start]).isalnum() or start == 0
            assert is_whole, f"{row['id']}: {start} lies within a word"
            assert text[start:end].strip() == text[start:end], f"{row['id']}: {start} to {end} has a space at an edge"
