"""Splits by patient: assigned without a table, checked against leaks."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pathalign.domain.records import Split
from pathalign.errors import NeedsRepair

TEST_SHARE = 0.2
VAL_SHARE = 0.1


def split_of_patient(patient_id: str) -> Split:
    """The split of a patient that no table assigns: 20 % test, 10 % val, 70 % train.

    A hash of the identifier decides, so that a patient stays where he is when others are added.
    """
    digest = hashlib.sha256(f"pathalign split {patient_id}".encode()).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    if share < TEST_SHARE:
        return Split.TEST
    return Split.VAL if share < TEST_SHARE + VAL_SHARE else Split.TRAIN


def check_no_leak(split_of: Iterable[tuple[str, Split]]) -> None:
    """Refuse a cohort in which a patient has slides in two splits.

    `split_of` gives (patient, split) of every slide.
    """
    seen: Mapping[str, set[Split]] = defaultdict(set)
    for patient, split in split_of:
        seen[patient].add(split)
    leaks = sum(len(splits) > 1 for splits in seen.values())
    if leaks:
        raise NeedsRepair(
            f"A patient belongs to one split, but {leaks} of {len(seen)} patients have slides in two or more. "
            "Correct the `split` column of slides.csv and run `pathalign add` again."
        )
