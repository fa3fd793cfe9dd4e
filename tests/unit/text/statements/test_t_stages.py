"""T stages in the spellings of reports, OCR's included. All sentences are made up."""

from __future__ import annotations

import pytest

from pathalign.text.statements.staging import is_staging, pathologic_t, t_stages

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pT2a", "pT2a"),
        ("Stage: pT3, pN0, pMX", "pT3"),
        ("ypT3 N1", "pT3"),
        ("T2N0MX", "T2"),
        ("TNM stage T1b N0", "T1b"),
        ("pT 3 (invades the renal vein)", "pT3"),
        ("Primary tumor (pT): 2b", "pT2b"),
        ("Primary tumor: pT1a (3 cm)", "pT1a"),
        ("T stage, pathologic: pT2c", "pT2c"),
        ("pTlc pNO", "pT1c"),
        ("pTIa", "pT1a"),
        ("pTis", "pTis"),
        ("pT4b(mult)N3aL1V0R0", "pT4b"),
        ("pT3/NO/MX", "pT3"),
        ("Extent of invasion: T1.", "T1"),
        ("Pathologic stage is T2.", "T2"),
    ],
)
def test_spellings(text: str, code: str) -> None:
    """The stage is read whatever its spelling."""
    found = pathologic_t(text)

    assert found is not None
    assert found.code == code
    assert is_staging(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lung tissue checklist",
        "Block T1 is the tumor",
        "T-24100, M-80703",
        "up to. 3.7 cm",
        "T1-weighted image",
        "pTX",
        "T2 lesion of the vertebra",
        "fibrosis (stage 3)",
        "p53 positive",
    ],
)
def test_no_stage(text: str) -> None:
    """Blocks, codes, vertebrae, unknown stages and fibrosis state no T."""
    assert pathologic_t(text) is None


def test_the_pathologists_highest_holds() -> None:
    """A stage with a "p" holds before a bare one, the highest before the lower."""
    found = pathologic_t("Clinical T4N2. First part: pT1. Second part: pT2b.")

    assert found is not None
    assert found.code == "pT2b"


def test_offsets() -> None:
    """A stage knows where it stands."""
    text = "Carcinoma, pT2a, pN0"
    (found,) = t_stages(text)

    assert text[found.start : found.end] == "pT2a"
