"""The cohort: same seed same bytes, honest splits, reports and lesions that agree with the truth."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import openslide
import pytest

from pathalign.errors import NeedsRepair
from pathalign.testing.cohort import SLIDE_COLUMNS, TRUTH_COLUMNS, Cohort, make_cohort, plan_cohort
from pathalign.testing.report_prose import EXTENT_PHRASES, PHRASES, PROCEDURES, SITES
from pathalign.testing.scene import EXTENTS, draw_scene, polygon_mask
from pathalign.testing.tissue_art import TISSUES

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SIDE_UM = 420.0


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Twenty patients, hence all ten tissues, on small slides."""
    return make_cohort(tmp_path_factory.mktemp("cohort"), patients=20, seed=4, side_um=SIDE_UM)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digests(root: Path) -> dict[str, str]:
    """The hash of every file under a folder."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def part_texts(cohort: Cohort) -> dict[tuple[str, str], str]:
    """The diagnosis of each (case, part)."""
    texts = {}
    for row in rows(cohort.reports_csv):
        diagnosis = row["report"].split("FINAL DIAGNOSIS:\n")[1].split("\n\nGROSS DESCRIPTION:")[0]
        for part in re.split(r"\n(?=[A-Z]\. )", diagnosis):
            texts[row["case_id"], part[0]] = part
    return texts


def test_workers_and_order_change_no_byte(tmp_path: Path) -> None:
    """One process and two write the same files; another seed writes others."""
    seen: list[tuple[int, int]] = []
    one = make_cohort(tmp_path / "one", patients=3, seed=1, side_um=300, on_slide=lambda *done: seen.append(done))
    two = make_cohort(tmp_path / "two", patients=3, seed=1, side_um=300, workers=2)
    other = make_cohort(tmp_path / "other", patients=3, seed=2, side_um=300)

    assert digests(two.root) == digests(one.root)
    assert other.slides_csv.read_bytes() != one.slides_csv.read_bytes()
    assert seen == [(k + 1, len(seen)) for k in range(len(rows(one.slides_csv)))]


def test_tables_hold_the_columns_promised(cohort: Cohort) -> None:
    """Columns, ids and paths are those of the contract, one truth a slide and one report a case."""
    slides, truth, reports = rows(cohort.slides_csv), rows(cohort.truth_csv), rows(cohort.reports_csv)

    assert tuple(slides[0]) == SLIDE_COLUMNS
    assert tuple(truth[0]) == TRUTH_COLUMNS
    assert tuple(reports[0]) == ("case_id", "report")
    assert [s["slide_id"] for s in slides] == [t["slide_id"] for t in truth]
    assert {s["case_id"] for s in slides} == {r["case_id"] for r in reports}
    assert {(cohort.root / s["path"]).is_file() for s in slides} == {True}
    assert re.fullmatch(r"D04-10000-A1", slides[0]["slide_id"])
    assert slides[0]["patient_id"] == "P0001"
    assert not list(cohort.root.rglob("*.part"))


def test_openslide_opens_every_slide_at_its_resolution(cohort: Cohort) -> None:
    """Tag or table, never both, says the mpp; both resolutions occur and span the same micrometres."""
    by_mpp: dict[float, int] = {}
    untagged = 0
    for row in rows(cohort.slides_csv):
        with openslide.OpenSlide(cohort.root / row["path"]) as slide:
            tag = slide.properties.get("openslide.mpp-x")
            untagged += tag is None
            assert (tag is None) == bool(row["mpp"])
            mpp = round(float(tag or row["mpp"]), 4)
            assert slide.level_count == 3
            assert slide.dimensions == (round(SIDE_UM / mpp), round(SIDE_UM / mpp))
        by_mpp[mpp] = by_mpp.get(mpp, 0) + 1
    assert set(by_mpp) == {0.25, 0.5}
    assert by_mpp[0.25] >= 0.15 * sum(by_mpp.values())
    assert untagged == 1


@pytest.mark.parametrize(("patients", "seed"), [(2, 0), (7, 1), (20, 2), (48, 0), (48, 9), (200, 3)])
def test_splits_are_by_patient_and_hold_every_tissue(patients: int, seed: int) -> None:
    """No patient is in both splits, every tissue drawn is in both, and about a quarter of many patients tests."""
    plan, reports = plan_cohort(patients=patients, seed=seed)

    kinds = {split: {s.kind for s in plan if s.split == split} for split in ("train", "test")}
    people = {split: {s.patient_id for s in plan if s.split == split} for split in ("train", "test")}

    assert len(reports) == patients == len(people["train"] | people["test"])
    assert not people["train"] & people["test"]
    assert kinds["train"] == kinds["test"]
    assert len({s.slide_id for s in plan}) == len(plan)
    if patients >= 20:
        assert kinds["train"] == set(TISSUES)
    if patients >= 40:
        assert len(people["test"]) == round(patients / 4)


@pytest.mark.parametrize("patients", range(2, 60, 3))
def test_resolution_is_shared_out_in_every_cohort(patients: int) -> None:
    """At least 15 % of slides are fine and exactly one is untagged, at any size of cohort."""
    plan, _ = plan_cohort(patients=patients, seed=patients)

    assert sum(s.mpp == 0.25 for s in plan) >= 0.15 * len(plan)
    assert [s.mpp for s in plan if not s.tagged] == [0.5]


def test_reports_agree_with_the_truth(cohort: Cohort) -> None:
    """A part names its organ, its diagnosis and its extent, and no diagnosis of another kind."""
    texts = part_texts(cohort)
    truth = {t["slide_id"]: t for t in rows(cohort.truth_csv)}
    for slide in rows(cohort.slides_csv):
        known = truth[slide["slide_id"]]
        text = texts[slide["case_id"], slide["part_id"]]
        assert f"{slide['part_id']}. {known['organ'].upper()}, " in text
        asserted = re.sub(r"negative for carcinoma|no malignancy identified", "", text.lower())
        if known["malignant"] == "1":
            assert known["diagnosis"] in asserted
            fraction = float(known["lesion_fraction"])
            extent = next(name for name, (low, high) in EXTENTS.items() if low <= fraction <= high)
            assert any(phrase in text for phrase in EXTENT_PHRASES[extent])
            assert "Greatest dimension" in text
            assert "benign" not in asserted
        else:
            assert any(phrase in text for phrase in PHRASES[known["organ"], "benign"])
            assert not re.search(r"carcinoma|lymphoma|tumor", asserted)


def test_prose_covers_every_tissue() -> None:
    """Each tissue has several phrasings, and each malignant one holds the words of its diagnosis."""
    for tissue in TISSUES.values():
        phrases = PHRASES[tissue.organ, tissue.diagnosis]
        assert len(set(phrases)) >= 4
        assert tissue.organ in SITES
        assert tissue.organ in PROCEDURES
        if tissue.malignant:
            assert all(tissue.diagnosis in phrase.lower() for phrase in phrases)


def test_lesion_regions_agree_with_the_truth(cohort: Cohort) -> None:
    """The outline in JSON and in the truth table are one, lie on the slide, and cover what the fraction says."""
    for row in rows(cohort.truth_csv):
        known = json.loads((cohort.root / "lesions" / f"{row['slide_id']}.json").read_text())
        assert known["lesion_fraction"] == float(row["lesion_fraction"])
        if row["malignant"] == "0":
            assert known["regions"] == []
            assert row["lesion_xy_px0"] == ""
            assert known["lesion_fraction"] == 0
            continue
        (region,) = known["regions"]
        assert ";".join(f"{x} {y}" for x, y in region["xy_px0"]) == row["lesion_xy_px0"]
        corners_um = np.array(region["xy_px0"]) * known["mpp"]
        assert corners_um.min() >= 0
        assert corners_um.max() <= SIDE_UM
        x, y = corners_um.T
        area = abs((x * np.roll(y, 1) - y * np.roll(x, 1)).sum()) / 2
        tissue_share = area / known["lesion_fraction"] / SIDE_UM**2
        assert 0.35 < tissue_share < 0.62  # tissue is about half of the field


@pytest.mark.parametrize("kind", [name for name, tissue in TISSUES.items() if tissue.malignant])
@pytest.mark.parametrize("extent", list(EXTENTS))
def test_a_lesion_keeps_to_its_extent_and_to_the_tissue(kind: str, extent: str) -> None:
    """The lesion's share is within the range of its word, and glass within the outline is rare."""
    scene = draw_scene(np.random.default_rng(len(kind)), TISSUES[kind], extent, side_um=400, mpp=1.0)

    low, high = EXTENTS[extent]
    assert low <= scene.lesion_fraction <= high
    inside = polygon_mask(scene.lesion_um, 400)
    assert inside.sum() > 0
    assert scene.image.shape == (400, 400, 3)
    outer = np.concatenate([scene.lesion_um.min(axis=0), 400 - scene.lesion_um.max(axis=0)])
    assert outer.min() > 0


@pytest.mark.parametrize(
    "wrong", [{"patients": 1}, {"side_um": 10.0}, {"side_um": float("nan")}, {"seed": -1}, {"workers": 0}]
)
def test_impossible_cohorts_are_refused_before_anything_is_written(tmp_path: Path, wrong: dict[str, float]) -> None:
    """The refusal leaves no folder behind."""
    with pytest.raises(NeedsRepair):
        make_cohort(tmp_path / "out", **wrong)

    assert not (tmp_path / "out").exists()
