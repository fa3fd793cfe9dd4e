"""`tissue`: what it writes, resuming, and slides that cannot be read."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome, Slide, Split
from pathalign.errors import MissingArtifact, UnknownName
from pathalign.slides import slide_opening
from pathalign.slides.regions.geojson import read_annotations
from pathalign.slides.slide_opening import Request
from pathalign.slides.slide_reading import ReadingConfig, Unchanged
from pathalign.slides.tissue import survey
from pathalign.slides.tissue.flags import Flag
from pathalign.slides.tissue.survey import Surveyed, SurveyRequest
from pathalign.slides.workers.worker import Worker
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.registration import add
from pathalign.tasks.tissue import SurveyConfig, survey_tissue
from pathalign.testing.slides import write_pyramid

pytestmark = [pytest.mark.unit, pytest.mark.slow]

WriteTable = Callable[..., Path]
HEADER = ("slide_id", "case_id", "path", "mpp")
ROWS = (
    ("one", "c1", "slides/one.tif", ""), ("two", "c1", "slides/two.tif", ""), ("glass", "c2", "slides/glass.tif", ""),
)  # fmt: skip
CONFIG = SurveyConfig()
PAGES = {"contact-sheet.html", "tissue.csv", MANIFEST}


@pytest.fixture
def filled(workspace: Workspace, slides: Path, write_table: WriteTable) -> Workspace:
    """Two slides with tissue and one of bare glass."""
    add(workspace, write_table("slides.csv", HEADER, *ROWS))
    return workspace


def files(workspace: Workspace) -> dict[str, bytes]:
    """The bytes of everything in runs/tissue."""
    folder = workspace.root / "runs" / "tissue"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def table(workspace: Workspace) -> dict[str, dict[str, str]]:
    """tissue.csv by slide."""
    with (workspace.root / "runs" / "tissue" / "tissue.csv").open(encoding="utf-8") as f:
        return {row["slide_id"]: row for row in csv.DictReader(f)}


def test_every_slide_gets_a_picture_and_a_row(filled: Workspace) -> None:
    """480 x 480 um of tissue are 0.23 mm2 and four patches; glass is empty and flagged."""
    done = survey_tissue(filled, CONFIG)

    assert done.as_json()["slides"] == {"ok": 2, "empty": 1, "refused": 0, "failed": 0, "timed out": 0}
    rows = table(filled)
    assert float(rows["one"]["area_mm2"]) == pytest.approx(0.48**2, rel=0.1)
    assert (rows["one"]["patches"], rows["one"]["slide_mpp"]) == ("4", "1.0")
    assert rows["glass"]["outcome"] == "empty"
    assert rows["glass"]["reason"] == "no tissue found"
    assert "no tissue" in rows["glass"]["flags"]
    made = files(filled)
    assert {name for name in made if "/" not in name} == {"one.jpg", "two.jpg", "glass.jpg", *PAGES}
    assert all(made[f"{name}.jpg"][:2] == b"\xff\xd8" for name in ("one", "two", "glass"))
    page = made["contact-sheet.html"].decode()
    assert page.index('data-slide="glass"') < page.index('data-slide="one"')
    with Catalog(filled.catalog_path) as catalog:
        assert catalog.outcomes("tissue")["glass"] == (Outcome.EMPTY, "no tissue found")
        assert catalog.outcomes("embed") == {}


def test_again_does_nothing_and_gives_the_same_bytes(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is left as it is; `redo` looks again and ends with equal bytes."""
    survey_tissue(filled, CONFIG)
    before = files(filled)

    with monkeypatch.context() as patched:
        patched.setattr(survey, "SlideReader", None)
        assert survey_tissue(filled, CONFIG).slides_done_before == 3
    assert files(filled) == before
    assert survey_tissue(filled, CONFIG, redo=True).slides_done_before == 0
    assert files(filled) == before


def test_stopped_and_run_again_is_equal(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before its last slide, it leaves no manifest, and running again ends with the bytes of one run."""
    survey_tissue(filled, CONFIG)
    whole = files(filled)
    original, calls = slide_opening.survey_slide, []

    def stop_at_the_third(request: SurveyRequest) -> Surveyed | Unchanged:
        calls.append(request)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(request)

    with monkeypatch.context() as patched:
        patched.setattr(slide_opening, "survey_slide", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            survey_tissue(filled, CONFIG, redo=True)
    assert MANIFEST not in files(filled)

    assert survey_tissue(filled, CONFIG).slides_done_before == 2
    assert files(filled) == whole


def test_any_number_of_processes_gives_the_same_bytes(filled: Workspace, slides: Path) -> None:
    """Whoever reads and whoever is done first: pages, pictures, polygons, rows and outcomes are equal."""
    with Catalog(filled.catalog_path) as catalog:
        for name in ("words", "three"):  # `add` would refuse the one
            catalog.put_slide(Slide(
                slide_id=name, path=slides / f"{name}.tif", patient_id=name, case_id=name, split=Split.TRAIN
            ))  # fmt: skip
    config = SurveyConfig(geojson=True)
    expected = survey_tissue(filled, config)
    before = files(filled)

    done = survey_tissue(filled, config, reading=ReadingConfig(workers=2, batch=1), redo=True)

    assert files(filled) == before
    assert list(done.rows) == list(expected.rows)
    assert done.as_json() == expected.as_json()
    assert done.slides_done_before == 0
    again = survey_tissue(filled, config, reading=ReadingConfig(workers=1, batch=1))
    assert again.slides_done_before == 4
    assert again.outcomes == {Outcome.OK: 3, Outcome.EMPTY: 1, Outcome.FAILED: 1}


def signal_reader_of(monkeypatch: pytest.MonkeyPatch, slide_id: str, number: signal.Signals) -> None:
    """Whatever process is given the slide gets a signal, as if the file had done that to it."""
    give = Worker.give

    def give_and_signal(worker: Worker, request: Request) -> None:
        give(worker, request)
        if request.slide_id == slide_id:
            os.kill(worker.pid, number)

    monkeypatch.setattr(Worker, "give", give_and_signal)


def test_a_slide_that_kills_its_reader_costs_itself(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its outcome is failed, with the signal and its name; the others come out as they are."""
    survey_tissue(filled, CONFIG)
    whole = files(filled)
    signal_reader_of(monkeypatch, "two", signal.SIGKILL)

    done = survey_tissue(filled, CONFIG, reading=ReadingConfig(workers=1, batch=1), redo=True)

    assert done.rows["two"].outcome == Outcome.FAILED
    assert "died with signal 9 " in done.rows["two"].reason
    assert "two.tif" in done.rows["two"].reason
    assert table(filled)["two"]["outcome"] == "failed"
    found = files(filled)
    assert whole.keys() - found.keys() == {"rows/two.json"}
    assert all(found[f"{name}.jpg"] == whole[f"{name}.jpg"] for name in ("one", "glass"))


def test_a_slide_that_hangs_is_timed_out(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that says nothing for the limit is put away; the run goes on, and the page tells of it."""
    signal_reader_of(monkeypatch, "two", signal.SIGSTOP)

    done = survey_tissue(filled, CONFIG, reading=ReadingConfig(workers=1, batch=1, timeout_s=2.0))

    assert done.outcomes == {Outcome.OK: 1, Outcome.EMPTY: 1, Outcome.TIMED_OUT: 1}
    assert done.rows["two"].reason.startswith("no progress for 2 s while two.tif was read")
    with Catalog(filled.catalog_path) as catalog:
        assert catalog.outcomes("tissue")["two"][0] == Outcome.TIMED_OUT
    page = files(filled)["contact-sheet.html"]
    assert page.index(b'data-slide="two"') < page.index(b'data-slide="glass"')


@pytest.mark.parametrize("lost", ["one.jpg", "rows/one.json"])
def test_a_lost_or_torn_file_is_made_again(filled: Workspace, lost: str) -> None:
    """A row counts only with its picture, and only when it can be read."""
    survey_tissue(filled, CONFIG)
    before = files(filled)
    path = filled.root / "runs" / "tissue" / lost
    path.write_bytes(path.read_bytes()[:20]) if lost.endswith("json") else path.unlink()

    assert survey_tissue(filled, CONFIG).slides_done_before == 2
    assert files(filled) == before


def test_other_parameters_look_again(filled: Workspace) -> None:
    """Rows depend on the configuration; the page never mixes two."""
    survey_tissue(filled, CONFIG)
    dense = SurveyConfig(spec=PatchSpec(overlap_px=112))

    done = survey_tissue(filled, dense, ids=["one"])

    assert done.slides_done_before == 0
    assert set(done.rows) == {"one"}
    assert done.rows["one"].patches == 9
    assert survey_tissue(filled, dense).slides_done_before == 1


def test_slides_and_cases_are_chosen_by_id(filled: Workspace) -> None:
    """A case stands for its slides; the page shows those of earlier runs too; an unknown id is refused."""
    survey_tissue(filled, CONFIG, ids=["c2"])
    assert set(table(filled)) == {"glass"}

    done = survey_tissue(filled, CONFIG, ids=["two"])
    assert done.slides_done_before == 0
    assert set(table(filled)) == {"glass", "two"}

    with pytest.raises(UnknownName, match="nowhere"):
        survey_tissue(filled, CONFIG, ids=["nowhere"])


def test_a_broken_slide_harms_no_other(
    filled: Workspace, slides: Path, write_table: WriteTable, tear: Callable[[Path], None]
) -> None:
    """Slides that break, vanish or are too coarse are recorded with their reason and stand first on the page."""
    rows = [*ROWS, ("coarse", "c3", "slides/one.tif", "4.0")]
    add(filled, write_table("slides.csv", HEADER, *rows))
    survey_tissue(filled, CONFIG, ids=["one"])
    alone = files(filled)["one.jpg"]
    tear(slides / "two.tif")
    (slides / "glass.tif").unlink()

    done = survey_tissue(filled, CONFIG)

    reasons = {problem.item: problem.reason for problem in done.problems}
    assert sorted(reasons) == ["coarse", "glass", "two"]
    assert "two.tif" in reasons["two"]
    assert "is not there" in reasons["glass"] or "No such file" in reasons["glass"]
    assert "coarser than the 1 mpp" in reasons["coarse"]
    assert str(slides) not in "".join(reasons.values())
    assert done.outcomes == {Outcome.FAILED: 2, Outcome.REFUSED: 1, Outcome.OK: 1}
    assert files(filled)["one.jpg"] == alone
    assert table(filled)["two"]["outcome"] == "failed"
    later = survey_tissue(filled, CONFIG, ids=["one"])
    assert later.rows["two"].outcome == Outcome.FAILED, "the page still tells of it"


def test_a_place_that_cannot_be_read_is_flagged(filled: Workspace, slides: Path, tear: Callable[..., None]) -> None:
    """A place that is damaged at every level may be tissue, and a person is sent to look at it."""
    write_pyramid(slides / "glass.tif", np.full((1024, 1024, 3), 243, np.uint8), mpp=1.0)
    tear(slides / "glass.tif", tiles=slice(15, None))  # the last tile of level 0, and all coarser levels

    done = survey_tissue(filled, CONFIG)

    row = done.rows["glass"]
    assert row.outcome == Outcome.OK
    assert row.flags[0] == Flag.UNREADABLE
    assert row.area_mm2 == pytest.approx(0.512**2, rel=0.01), "the block of 32 thumbnail pixels around it"
    assert table(filled)["glass"]["flags"].startswith("partly unreadable")
    page = files(filled)["contact-sheet.html"].decode()
    assert page.index('data-slide="glass" data-found="partly unreadable') < page.index('data-slide="one"')


def test_geojson_goes_out_and_comes_back_in(filled: Workspace, tmp_path: Path) -> None:
    """Tissue and patches are written for QuPath on request; regions restrict the patches of a second look."""
    survey_tissue(filled, SurveyConfig(geojson=True))
    folder = filled.root / "runs" / "tissue"
    tissue = read_annotations(folder / "one.geojson", classes=["Tissue"])
    tiles = read_annotations(folder / "one.geojson", classes=["Patch"])
    assert sum(polygon.area for polygon in tissue.polygons) == pytest.approx(480**2, rel=0.1)
    assert [polygon.area for polygon in tiles.polygons] == [224**2] * 4

    regions = tmp_path / "regions"
    regions.mkdir()
    half = [[0, 0], [230, 0], [230, 480], [0, 480], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [half]}
    feature = {"type": "Feature", "geometry": shape, "properties": {"classification": {"name": "Tumor"}}}
    (regions / "one.geojson").write_text(json.dumps([feature]), encoding="utf-8")
    (regions / "two.geojson").write_text("[]", encoding="utf-8")

    done = survey_tissue(filled, SurveyConfig(annotations=regions, classes=("Tumor",)))

    assert done.rows["one"].patches == 2
    assert {name: row.outcome for name, row in done.rows.items() if name != "one"} == {
        "two": Outcome.REFUSED, "glass": Outcome.REFUSED,
    }  # fmt: skip
    assert "no region of class Tumor" in done.rows["two"].reason
    assert "has no annotations" in done.rows["glass"].reason
    assert "one.geojson" not in files(filled), "what an earlier run wrote is not left as if it were of this one"
    (regions / "one.geojson").write_text(json.dumps([feature, feature]), encoding="utf-8")
    assert survey_tissue(filled, SurveyConfig(annotations=regions, classes=("Tumor",))).slides_done_before == 0


def test_the_folder_of_annotations_is_no_part_of_the_record(filled: Workspace, tmp_path: Path) -> None:
    """Rows and manifest hold no path of the machine."""
    survey_tissue(filled, SurveyConfig(annotations=tmp_path))

    assert not any(str(tmp_path).encode() in data for data in files(filled).values())


def test_nothing_to_look_at_names_the_repair(workspace: Workspace, write_table: WriteTable) -> None:
    """A catalog without pixels says what to do."""
    add(workspace, write_table("slides.csv", HEADER, ("imported", "c", "", "")))

    with pytest.raises(MissingArtifact, match="pathalign add"):
        survey_tissue(workspace, CONFIG)


def test_the_picture_shows_the_tissue(filled: Workspace) -> None:
    """The picture of a slide of tissue is darker than that of glass."""
    from PIL import Image

    survey_tissue(filled, CONFIG)
    folder = filled.root / "runs" / "tissue"

    one, glass = (np.asarray(Image.open(folder / f"{name}.jpg")).mean() for name in ("one", "glass"))
    assert one < glass - 20
