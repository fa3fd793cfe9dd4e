"""What several processes found out about slides comes together."""

from __future__ import annotations

from pathlib import Path

import pytest

from pathalign.domain.records import Outcome
from pathalign.train.pathssl.reading_notes import ReadingNotes

pytestmark = pytest.mark.unit

OK, TORN, LATE = (Outcome.OK, ""), (Outcome.FAILED, "torn"), (Outcome.TIMED_OUT, "300 s")


def test_ok_stays_ok_and_later_reasons_win() -> None:
    """A slide that gave a patch once is ok whatever came before or after."""
    notes = ReadingNotes()
    for outcomes in ({"a": TORN, "b": OK, "c": TORN}, {"a": OK, "b": TORN, "c": LATE}):
        notes.add(outcomes)

    assert notes.outcomes == {"a": OK, "b": OK, "c": LATE}
    assert [(problem.source, problem.item, problem.reason) for problem in notes.problems("pretrain")] == [
        ("pretrain", "c", "300 s")
    ]


def test_each_process_leaves_its_own_file(tmp_path: Path) -> None:
    """The leading one gathers what is there, once; what a slower one leaves is gathered later."""
    run, gathered = tmp_path / "runs" / "pretrain", ReadingNotes()
    ReadingNotes({"a": TORN, "b": OK}).leave(run, 0)
    ReadingNotes({"a": OK, "c": LATE}).leave(run, 1)
    assert len(list(run.iterdir())) == 2

    gathered.gather(run)
    assert gathered.outcomes == {"a": OK, "b": OK, "c": LATE}
    assert list(run.iterdir()) == []

    ReadingNotes({"c": OK}).leave(run, 2)
    gathered.gather(run)
    assert gathered.outcomes["c"] == OK
