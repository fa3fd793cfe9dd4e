"""The check of the benchmark for denied statements that a text turns round; the sentences are made up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts of `benchmarks/` can be imported, as they import one another."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    yield
    for name in ("curation_gold", "curation_corpus", "curation_cancers"):
        if name not in before:
            sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("stated", "said", "beside"),
    [
        ("No carcinoma in the node.", "Carcinoma in the node.", ""),
        ("No carcinoma in the node.", "Invasive carcinoma, carcinoma in the node.", "Invasive carcinoma and "),
        ("No melanoma in the margin.", "Melanoma in the margin.", "Invasive carcinoma and "),
        ("Necrosis is absent, margin free.", "Necrosis.", "Invasive carcinoma with "),
        ("Necrosis - no.", "Necrosis.", ""),
        ("Necrosis - no. Margins free.", "Necrosis.", ""),
    ],
)
def test_a_denial_that_was_lost_is_counted(stated: str, said: str, beside: str) -> None:
    """Also where another tumour stands beside the statement."""
    from curation_corpus import _turns_round

    assert _turns_round(stated, said, beside)


def test_a_denial_behind_a_dash_that_names_what_it_denies_is_a_clause_of_its_own() -> None:
    """What stands before the dash may be said without it."""
    from curation_corpus import _turns_round

    assert not _turns_round("Cyst - Lymph node within fatty tissue - No. neoplasia.", "Lymph node within tissue.", "")
    assert _turns_round("Cyst - Lymph node within fatty tissue - No. neoplasia.", "Neoplasia.", "")


def test_the_tumour_of_the_half_that_ocr_cut_off_is_not_the_statements() -> None:
    """The report states it, and the statement has none of its words."""
    from curation_corpus import _turns_round

    stated, beside = "MUCOSAL MARGIN, OTHER MARGINS FREE OF TUMOR", "INVASIVE CARCINOMA EXTENDING TO. "
    said = "Invasive carcinoma extending to mucosal margin, other margins free of tumor."
    assert not _turns_round(stated, said, beside)
