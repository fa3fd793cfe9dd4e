"""Splits by patient."""

from __future__ import annotations

from collections import Counter

import pytest

from pathalign.domain.progress import silent
from pathalign.domain.records import Problem, Split
from pathalign.domain.splits import check_no_leak, split_of_patient
from pathalign.errors import NeedsRepair

pytestmark = pytest.mark.unit


def test_shares_of_assigned_splits() -> None:
    """About 20 % of patients are test, 10 % val, 70 % train."""
    counts = Counter(split_of_patient(f"patient-{number}") for number in range(4000))

    assert counts[Split.TEST] / 4000 == pytest.approx(0.2, abs=0.02)
    assert counts[Split.VAL] / 4000 == pytest.approx(0.1, abs=0.02)
    assert counts[Split.TRAIN] / 4000 == pytest.approx(0.7, abs=0.02)


def test_a_patient_keeps_the_split() -> None:
    """The split depends on the identifier alone, so it is the same in every process and every version."""
    golden = {
        "p0": Split.TRAIN,
        "p1": Split.TRAIN,
        "p14": Split.TEST,
        "p17": Split.TEST,
        "p22": Split.VAL,
        "p26": Split.VAL,
    }

    assert {name: split_of_patient(name) for name in golden} == golden


def test_a_leak_is_counted_and_refused() -> None:
    """A patient in two splits is refused with the number of such patients and the repair, and without naming them."""
    slides = [("secret", Split.TRAIN), ("secret", Split.TEST), ("b", Split.TRAIN), ("b", Split.TRAIN)]

    with pytest.raises(NeedsRepair, match=r"1 of 2 patients.*`split` column") as caught:
        check_no_leak(slides)
    assert "secret" not in str(caught.value)


def test_patients_with_many_slides_in_one_split_pass() -> None:
    """Several slides of one patient in one split are no leak."""
    check_no_leak([("a", Split.TEST), ("a", Split.TEST), ("b", Split.TRAIN)])
    check_no_leak([])


def test_problem_shape() -> None:
    """A problem is the four keys of the `--json` contract."""
    problem = Problem(source="slides.csv", line=3, item="s1", reason="no mpp")

    assert problem.as_json() == {"source": "slides.csv", "line": 3, "item": "s1", "reason": "no mpp"}


def test_silent_progress_takes_any_advance() -> None:
    """No bar is shown and any number of items may be reported."""
    with silent("Work", 3) as advance:
        assert advance(2) is None
        assert advance(100) is None
