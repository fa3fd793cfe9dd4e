"""`curate` takes identifiers out before it writes, and keeps offsets of the report as registered."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.errors import NeedsRepair, UnknownName
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit

REPORT = """Patient Name: OKAFOR, CHINWE M.   MRN: 00455881
Attending: Thistlewood, Peter MD

FINAL DIAGNOSIS:
A. LUNG, RIGHT UPPER LOBE, LOBECTOMY:
  - Adenocarcinoma, discussed with Dr. Thistlewood on 03/14/2019.
  - Acinar predominant.
B. COLON, BIOPSY:
  - Negative for carcinoma.
"""
WORDS = ("okafor", "chinwe", "00455881", "thistlewood", "03/14/2019")


@pytest.fixture
def filled(workspace: Workspace, write_table: Callable[..., Path]) -> Workspace:
    """Two slides of one report with identifiers in its header and in its diagnosis."""
    slides = write_table(
        "slides.csv", ("slide_id", "case_id", "part_id", "path"), ("a", "C1", "A", ""), ("b", "C1", "B", "")
    )
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), ("C1", REPORT)))
    return workspace


@pytest.mark.parametrize("mode", [Deidentification.TAGS, Deidentification.SURROGATES])
def test_no_identifier_is_written(filled: Workspace, mode: Deidentification) -> None:
    """Neither texts nor parts nor what `curate` says of itself hold one; the counts do."""
    done = curate(filled, deidentify=mode)

    with Catalog(filled.catalog_path) as catalog:
        written = json.dumps([str(text) for text in catalog.texts()] + [done.as_json()]).lower()
        headers = str(catalog._db.execute("SELECT header FROM parts").fetchall()).lower()
    assert not [word for word in WORDS if word in written + headers]
    assert done.removed["name"] >= 3
    assert done.removed["date"] == 1


def test_parts_keep_offsets_of_the_registered_report(filled: Workspace) -> None:
    """A part's span, cut from the original, begins at its label and ends where the next begins."""
    curate(filled)

    with Catalog(filled.catalog_path) as catalog:
        rows = catalog._db.execute("SELECT part, start, stop FROM parts ORDER BY part").fetchall()
    assert [REPORT[row["start"] :].startswith(f"{row['part']}. ") for row in rows] == [True, True]
    assert "03/14/2019" in REPORT[rows[0]["start"] : rows[0]["stop"]]
    assert "COLON" not in REPORT[rows[0]["start"] : rows[0]["stop"]]


def test_off_leaves_reports_as_they_are(filled: Workspace) -> None:
    """The user's word is enough to keep everything."""
    done = curate(filled, deidentify=Deidentification.OFF)

    with Catalog(filled.catalog_path) as catalog:
        assert "Thistlewood" in catalog.texts()[0].retrieval_text
    assert done.removed == {}


def test_the_key_of_surrogates_is_the_owners_alone(filled: Workspace) -> None:
    """It is made once, and its file is closed to others."""
    curate(filled, deidentify=Deidentification.SURROGATES)
    key = filled.root / "deidentification.key"
    first = key.read_bytes()
    curate(filled, deidentify=Deidentification.SURROGATES)

    assert key.read_bytes() == first
    assert len(first) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


PROSE = "DIAGNOSIS: A. LUNG, BIOPSY: Adenocarcinoma of lung Zweibrueck agrees. B. COLON: Negative for carcinoma."


@pytest.mark.parametrize("workers", [0, 1])
def test_a_model_finds_what_no_rule_announces(
    workspace: Workspace, write_table: Callable[..., Path], token_classifier: Callable[..., Path], workers: int
) -> None:
    """Beside the rules, in every process that reads; a term that it takes for a name stays."""
    add(
        workspace,
        write_table("slides.csv", ("slide_id", "case_id", "part_id", "path"), ("a", "C1", "A", "")),
        write_table("reports.csv", ("case_id", "report"), ("C1", PROSE)),
    )
    without = curate(workspace)
    folder = token_classifier()
    done = curate(workspace, identifier_model=folder, workers=workers)

    with Catalog(workspace.catalog_path) as catalog:
        written = json.dumps([str(text) for text in catalog.texts()]).lower()
    assert (without.removed, without.removed_by_model) == ({}, None)
    assert (done.removed, done.removed_by_model) == ({"place": 1}, 1)
    assert "zweibrueck" not in written
    assert "adenocarcinoma" in written


def test_a_model_without_deidentification_is_refused(
    filled: Workspace, token_classifier: Callable[..., Path], tmp_path: Path
) -> None:
    """And so is a folder that is none, before anything is changed."""
    with pytest.raises(NeedsRepair, match="--deidentify is off"):
        curate(filled, deidentify=Deidentification.OFF, identifier_model=token_classifier())
    with pytest.raises(UnknownName, match="no folder of a model"):
        curate(filled, identifier_model=tmp_path / "nowhere")
