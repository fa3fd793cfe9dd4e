"""The organ of a header."""

from __future__ import annotations

import pytest

from pathalign.text.organ import organ_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "organ"),
    [
        ("COLON, SIGMOID, BIOPSY", "Colon"),
        ("SIGMOID, SEGMENTAL RESECTION", "Colon"),
        ("LUNG, RIGHT UPPER LOBE, LOBECTOMY", "Lung"),
        ("Right upper lobe, wedge resection", "Lung"),
        ("SKIN, LEFT FOREARM, SHAVE BIOPSY", "Skin"),
        ("BREAST, LEFT, LUMPECTOMY", "Breast"),
        ("PROSTATE AND SEMINAL VESICLES, RADICAL PROSTATECTOMY", "Prostate"),
        ("KIDNEY, RIGHT, NEPHRECTOMY", "Kidney"),
        ("Right pelvic lymph nodes, excision", "Lymph node"),
        ("PERIBRONCHIAL LYMPH NODE, LUNG", "Lymph node"),
        ("LUNG LYMPH NODE, STATION 7", "Lymph node"),
        ("COLON AND LYMPH NODES, HEMICOLECTOMY", "Colon"),
        ("GALLBLADDER, CHOLECYSTECTOMY", "Gallbladder"),
        ("BLADDER, TURBT", "Urinary bladder"),
        ("Left radical mastectomy", "Breast"),
        ("Final margin", ""),
        ("", ""),
    ],
)
def test_organ_without_side_site_and_procedure(header: str, organ: str) -> None:
    """The first organ named, a node before what it lies beside, a procedure only when no noun is there."""
    assert organ_of(header) == organ
