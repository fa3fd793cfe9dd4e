"""What happens to a finished workspace when its inputs change, and when nothing does."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openslide
import pytest

pytestmark = pytest.mark.e2e

Ask = Callable[..., Any]


@pytest.mark.parametrize("kind", ["retrieval", "generation"])
def test_training_again_is_up_to_date(made: Any, ask: Ask, tmp_path: Path, kind: str) -> None:
    """The same data and recipe train nothing, and no byte of the model changes."""
    root = made.copied(tmp_path / "copy")
    weights = root / "models" / kind / "model.safetensors"
    before = (weights.read_bytes(), weights.stat().st_mtime_ns)

    done = ask("train", kind, "--steps", made.steps[kind], "-w", root)

    assert (done["up_to_date"], done["steps"], done["final"]) == (True, 0, {})
    assert (weights.read_bytes(), weights.stat().st_mtime_ns) == before


def test_embedding_and_pretraining_again_do_nothing(made: Any, ask: Ask, tmp_path: Path) -> None:
    """A verb that has nothing to do says so, and what follows stays valid."""
    root = made.copied(tmp_path / "copy")

    assert ask("pretrain", "--steps", "4", "-w", root)["up_to_date"]
    done = ask("embed", "-w", root)
    assert done["slides_done_before"] == len(made.rows("slides.csv"))
    assert ask("search", "carcinoma", "-w", root)["hits"]


def test_a_model_that_is_being_replaced_is_not_complete(
    made: Any, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while it saves another model, training leaves none that passes for the old; run again, it saves it."""
    root = made.copied(tmp_path / "copy")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pathalign.train.runs.save_model", stop)
        ask("train", "retrieval", "--steps", "1", "-w", root, code=1)
    assert "pathalign train retrieval" in ask("search", "carcinoma", "-w", root, code=2)["error"]

    assert not ask("train", "retrieval", "--steps", "1", "-w", root)["up_to_date"]
    assert "pathalign index" in ask("search", "carcinoma", "-w", root, code=2)["error"]


def test_changed_reports_make_the_index_stale(made: Any, ask: Ask, tmp_path: Path) -> None:
    """After curating changed reports no verb answers from the old index; indexing again repairs it."""
    root = made.copied(tmp_path / "copy")
    reports = made.rows("reports.csv")
    reports[0]["report"] = reports[0]["report"].replace("FINAL DIAGNOSIS:\nA. ", "FINAL DIAGNOSIS:\nA. RECURRENT ")
    with (tmp_path / "reports.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, ["case_id", "report"])
        writer.writeheader()
        writer.writerows(reports)
    ids = made.rows("slides.csv")[0]

    added = ask("add", made.cohort.slides_csv, "--reports", tmp_path / "reports.csv", "-w", root)
    assert (added["reports_added"], added["reports_unchanged"]) == (1, len(reports) - 1)
    assert ask("search", "carcinoma", "-w", root)["hits"], "nothing has changed until the reports are curated"
    ask("curate", "-w", root)

    for verb in (
        ["search", "carcinoma"],
        ["triage"],
        ["evaluate"],
        ["describe", ids["slide_id"], "--min-confidence", "0"],
    ):
        error = ask(*verb, "-w", root, code=2)["error"]
        assert "have changed since the index was made. Run `pathalign index`" in error
    ask("index", "-w", root)
    assert ask("search", "carcinoma", "-w", root)["hits"]


def test_a_slide_without_mpp_is_refused_and_repaired(made: Any, ask: Ask, tmp_path: Path, real_data: Path) -> None:
    """A real slide without a pixel size is refused with the repair; with an mpp column it is described."""
    root = made.copied(tmp_path / "copy")
    path = real_data / "slides" / "TCGA-CR-7395-01A-01-TS1.svs"
    table = tmp_path / "real.csv"
    table.write_text(f"slide_id,path,patient_id,split\nTCGA,{path},TCGA-CR-7395,test\n")

    refused = ask("add", table, "-w", root, code=2)
    [problem] = refused["problems"]
    assert (problem["line"], problem["item"], refused["slides_added"]) == (2, "TCGA", 0)
    assert "has no pixel size" in problem["reason"]
    assert "Add an `mpp` column to slides.csv" in problem["reason"]

    table.write_text(f"slide_id,path,patient_id,split,mpp\nTCGA,{path},TCGA-CR-7395,test,0.5\n")
    assert ask("add", table, "--strict", "-w", root)["slides_added"] == 1
    embedded = ask("embed", "-w", root)
    assert embedded["slides_done_before"] == len(made.rows("slides.csv"))
    assert embedded["problems"] == []
    ask("index", "-w", root)
    said = ask("describe", "TCGA", "--min-confidence", "0", "-w", root)

    assert said["slide_ids"] == ["TCGA"]
    assert said["sentences"]
    with openslide.OpenSlide(path) as slide:
        for sentence in said["sentences"]:
            assert sentence["support"]
            for evidence in sentence["evidence"]:
                assert evidence["side_px0"] == 448
                for corner, size in zip(evidence["xy_px0"], slide.dimensions, strict=True):
                    assert 0 <= corner <= size - 448
