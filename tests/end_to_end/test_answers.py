"""What a trained workspace answers: the shapes of DESIGN section 4, and what must hold of their values."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openslide
import pytest

import pathalign
from pathalign.store.catalog import Catalog

pytestmark = pytest.mark.e2e

Ask = Callable[..., Any]
EMPTY = "GLASS-1"


def check_hits(hits: list[dict[str, Any]]) -> None:
    """Ranks from 1 on, scores falling."""
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert sorted((hit["score"] for hit in hits), reverse=True) == [hit["score"] for hit in hits]
    for hit in hits:
        assert hit.keys() >= {"rank", "slide_id", "case_id", "score", "text"}
        assert -1.001 <= hit["score"] <= 1.001


def with_tissue(made: Any) -> list[str]:
    """The slides of the index."""
    return json.loads((made.root / "index" / "ids.json").read_text())["slides"]


def test_search_by_text(made: Any, ask: Ask) -> None:
    """A text finds slides, the best first, each with its own text."""
    found = ask("search", "adenocarcinoma of the colon", "--top", "5", "-w", made.root)

    assert found["query"] == "adenocarcinoma of the colon"
    assert len(found["hits"]) == 5
    check_hits(found["hits"])
    with Catalog(made.root / "catalog.sqlite") as catalog:
        texts = {text.slide_id: text.retrieval_text for text in catalog.texts()}
    assert all(hit["text"] == texts[hit["slide_id"]] for hit in found["hits"])


def test_search_by_slide(made: Any, ask: Ask) -> None:
    """A slide finds all others that have tissue, never itself and never an empty one."""
    slides = with_tissue(made)
    found = ask("search", "--slide", slides[0], "--top", "100", "-w", made.root)

    check_hits(found["hits"])
    assert sorted(hit["slide_id"] for hit in found["hits"]) == sorted(slides[1:])
    assert EMPTY not in slides


def test_search_for_texts(made: Any, ask: Ask) -> None:
    """A slide finds texts, each once."""
    found = ask("search", "--slide", with_tissue(made)[0], "--to", "texts", "--top", "100", "-w", made.root)

    check_hits(found["hits"])
    texts = [hit["text"] for hit in found["hits"]]
    assert len(texts) == len(set(texts)) > 3


def test_search_where(made: Any, ask: Ask) -> None:
    """A filter leaves hits that fit it, in the order and with the scores that they had."""
    every = ask("search", "carcinoma", "--top", "100", "-w", made.root)["hits"]
    test = {row["slide_id"] for row in made.rows("slides.csv") if row["split"] == "test"}
    found = ask("search", "carcinoma", "--top", "100", "--where", "split=test", "-w", made.root)["hits"]

    check_hits(found)
    assert [(h["slide_id"], h["score"]) for h in found] == [
        (h["slide_id"], h["score"]) for h in every if h["slide_id"] in test
    ]
    assert len(found) == len(test & set(with_tissue(made)))
    assert ask("search", "carcinoma", "--where", "split=val", "-w", made.root)["hits"] == []


def test_search_where_a_concept_is_stated(made: Any, ask: Ask) -> None:
    """Codes of what texts state filter slides and texts alike; each hit says where its text comes from."""
    where = ("--where", "behaviour=malignant", "--where", "topography=C18", "--top", "100", "-w", made.root)
    found = ask("search", "carcinoma", *where)["hits"]
    texts = ask("search", "--slide", with_tissue(made)[0], "--to", "texts", *where)["hits"]

    check_hits(found)
    for hit in (*found, *texts):
        assert "carcinoma" in hit["text"].lower()
        assert "colon" in hit["text"].lower()
        assert hit["source"] == "rules"
        assert " ".join(sentence["text"] for sentence in hit["sentences"]) == hit["text"]
    assert found
    assert {hit["text"] for hit in texts} >= {hit["text"] for hit in found}


@pytest.mark.parametrize("of", ["slide", "case"])
def test_describe(made: Any, ask: Ask, of: str) -> None:
    """Every sentence of a description has evidence on the slides asked for and support from other patients."""
    rows = {row["slide_id"]: row for row in made.rows("slides.csv")}
    indexed = with_tissue(made)
    cases = [rows[slide_id]["case_id"] for slide_id in indexed]
    slide_id = next(i for i, case in zip(indexed, cases, strict=True) if cases.count(case) > 1)
    case = [i for i, row in rows.items() if row["case_id"] == rows[slide_id]["case_id"]]
    asked = slide_id if of == "slide" else rows[slide_id]["case_id"]

    said = ask("describe", asked, "--min-confidence", "0", "-w", made.root)

    assert said["slide_ids"] == ([slide_id] if of == "slide" else sorted(case))
    assert not said["abstained"]
    assert 0 < said["confidence"] <= 1
    assert said["sentences"]
    assert "".join(sentence["text"] for sentence in said["sentences"]).replace(" ", "") == said["text"].replace(" ", "")
    for sentence in said["sentences"]:
        weights = [evidence["weight"] for evidence in sentence["evidence"]]
        assert weights == sorted(weights, reverse=True)
        assert 0 < sum(weights) <= 1.001
        for evidence in sentence["evidence"]:
            assert evidence["slide_id"] in said["slide_ids"]
            with openslide.OpenSlide(made.cohort.root / rows[evidence["slide_id"]]["path"]) as slide:
                for corner, size in zip(evidence["xy_px0"], slide.dimensions, strict=True):
                    assert 0 <= corner <= size - evidence["side_px0"] + 1
        assert sentence["support"]
        scores = [support["score"] for support in sentence["support"]]
        assert scores == sorted(scores, reverse=True)
        for support in sentence["support"]:
            assert rows[support["slide_id"]]["patient_id"] != rows[slide_id]["patient_id"]
            assert support["text"]


def test_an_empty_slide_is_not_described(made: Any, ask: Ask) -> None:
    """Where there is no tissue nothing is said, with the reason."""
    said = ask("describe", EMPTY, "-w", made.root)

    assert (said["abstained"], said["text"], said["sentences"], said["confidence"]) == (True, "", [], 0.0)
    assert "no tissue" in said["reason"]


def test_an_unsure_description_is_withheld(made: Any, ask: Ask) -> None:
    """Below the least confidence nothing is said, and the confidence is told."""
    said = ask("describe", with_tissue(made)[0], "--min-confidence", "1", "-w", made.root)

    assert (said["abstained"], said["text"], said["sentences"]) == (True, "", [])
    assert "is below 1.00" in said["reason"]


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Two classes, one of them in two sentences."""
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"malignant": ["Invasive carcinoma", "Lymphoma"], "benign": "Benign tissue"}))
    return path


def test_classify(made: Any, ask: Ask, classes: Path) -> None:
    """Probabilities of the classes add up to one, for all slides or those that are named."""
    slides = with_tissue(made)
    every = ask("classify", "--classes", classes, "-w", made.root)
    two = ask("classify", slides[3], slides[1], "--classes", classes, "-w", made.root)

    assert [row["slide_id"] for row in every["slides"]] == slides
    for row in every["slides"]:
        assert list(row["probabilities"]) == ["malignant", "benign"]
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=2e-4)
    assert two["slides"] == [every["slides"][3], every["slides"][1]]
    assert every["calibrated_on"] == 0


def test_classify_calibrated(made: Any, ask: Ask, classes: Path, tmp_path: Path) -> None:
    """Labelled slides set the temperature, which changes how sure the classes are and not which comes first."""
    truth = [row for row in made.rows("truth.csv") if row["slide_id"] in with_tissue(made)]
    labels = tmp_path / "labels.csv"
    names = {"1": "malignant", "0": "benign"}
    labels.write_text("slide_id,label\n" + "".join(f"{row['slide_id']},{names[row['malignant']]}\n" for row in truth))

    plain = ask("classify", "--classes", classes, "-w", made.root)
    found = ask("classify", "--classes", classes, "--calibrate", labels, "-w", made.root)

    assert found["calibrated_on"] == len(truth)
    assert found["temperature"] != plain["temperature"]
    for before, after in zip(plain["slides"], found["slides"], strict=True):
        assert sum(after["probabilities"].values()) == pytest.approx(1, abs=2e-4)
        sides = [row["probabilities"]["malignant"] - 0.5 for row in (before, after)]
        assert sides[0] * sides[1] >= 0

    labels.write_text("slide_id,label\nx,odd\n")
    assert "'odd'" in ask("classify", "--classes", classes, "--calibrate", labels, "-w", made.root, code=2)["error"]


def test_triage(made: Any, ask: Ask) -> None:
    """The worklist has every indexed slide once, the most urgent first, and says what that saves."""
    found = ask("triage", "-w", made.root)

    rows = found["worklist"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert sorted(row["slide_id"] for row in rows) == sorted(with_tissue(made))
    urgency = [row["urgency"] for row in rows]
    assert urgency == sorted(urgency, reverse=True)
    assert 0 <= urgency[-1] <= urgency[0] <= 1
    assert found["saved"].keys() >= {"by_urgency", "first_in_first_out"}
    case_of = {row["slide_id"]: row["case_id"] for row in made.rows("slides.csv")}
    assert all(row["case_id"] == case_of[row["slide_id"]] for row in rows)


def test_triage_of_a_split_in_own_words(made: Any, ask: Ask) -> None:
    """A split has its own worklist, and urgency may be said in words; one side alone is refused."""
    split = {row["slide_id"] for row in made.rows("slides.csv") if row["split"] == "test"}
    words = ("--urgent", "carcinoma", "--routine", "benign tissue")

    found = ask("triage", "--split", "test", *words, "-w", made.root)

    assert {row["slide_id"] for row in found["worklist"]} == split & set(with_tissue(made))
    assert "--routine" in ask("triage", "--urgent", "carcinoma", "-w", made.root, code=2)["error"]


@pytest.mark.parametrize(
    "arguments",
    [["search", "--slide", "nobody"], ["describe", "nobody"], ["classify", "nobody", "--classes", "{classes}"]],
    ids=lambda arguments: arguments[0],
)
def test_an_unknown_slide_leaves_with_2(made: Any, ask: Ask, classes: Path, arguments: list[str]) -> None:
    """A slide that the catalog lacks is named, with the verb that lists them."""
    given = [argument.format(classes=classes) for argument in arguments]

    error = ask(*given, "-w", made.root, code=2)["error"]

    assert "'nobody'" in error
    assert "pathalign status --slides" in error


def test_an_empty_slide_cannot_be_searched(made: Any, ask: Ask, classes: Path) -> None:
    """A slide that is known but not in the index is told apart from an unknown one."""
    for given in (["search", "--slide", EMPTY], ["classify", EMPTY, "--classes", classes]):
        assert "is not in the index" in ask(*given, "-w", made.root, code=2)["error"]


def test_people_read_tables(made: Any, ask: Ask, classes: Path, tmp_path: Path) -> None:
    """Without --json every answer is words and tables, with the same content."""
    root, slide_id = made.copied(tmp_path / "copy", without=("models/generation",)), with_tissue(made)[0]

    def told(*arguments: str | Path, at: Path = root) -> str:
        return ask(*arguments, "-w", at, as_json=False)

    assert "rank" in told("search", "carcinoma", "--top", "3")
    assert slide_id in told("classify", slide_id, "--classes", classes)
    assert "Not calibrated" in told("classify", slide_id, "--classes", classes)
    assert "A malignant slide waits" in told("triage")
    assert "(confidence " in told("describe", slide_id, "--min-confidence", "0", at=made.root)
    assert "No description: no tissue" in told("describe", EMPTY, at=made.root)
    without_generation = told("evaluate")
    assert "slide to text recall@1" in without_generation
    assert "generated text" not in without_generation
    assert "Next: pathalign train generation" in told("status")


def estimates(document: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything with a value within nested dicts, with where it stands."""
    if isinstance(document, dict):
        if "value" in document:
            yield path, document
        for name, inner in document.items():
            yield from estimates(inner, f"{path}/{name}")


def test_evaluate(made: Any, ask: Ask, tmp_path: Path) -> None:
    """Every metric has value, interval and n beside its baselines; the page stands alone and names nobody."""
    root = made.copied(tmp_path / "copy")

    found = ask("evaluate", "-w", root)

    assert found["split"] == "test"
    assert list(found["retrieval"]) == ["slide_to_text", "text_to_slide", "slide_to_slide"]
    for metrics in found["retrieval"].values():
        assert metrics.keys() >= {"recall@1", "recall@5", "recall@10", "mrr", "median_rank"}
    assert found.keys() >= {"generation", "classification", "triage"}
    assert found["baselines"].keys() >= {"chance", "shuffled_images", "constant_text", "nearest_neighbour"}
    every = dict(estimates(found))
    assert len(every) > 40
    for place, estimate in every.items():
        assert estimate.keys() >= {"value", "ci95", "n"}, place
        low, high = estimate["ci95"]
        assert estimate["value"] is None or low is None or low - 1e-9 <= estimate["value"] <= high + 1e-9, place
    for place in every:
        assert place.startswith("/generation") <= (f"/baselines/constant_text{place}" in every), place

    folder = root / "runs" / "evaluate-test"
    assert found["report"] == str(folder / "report.html")
    assert json.loads((folder / "results.json").read_text()) == {k: v for k, v in found.items() if k != "report"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<link|<script[^>]+src|@import|url\((?!#|data:|\"?#)|(src|href)=\"(?!#|data:)", page)
    for row in made.rows("slides.csv"):
        assert not re.search(rf"\b({row['patient_id']}|{row['case_id']}|{row['slide_id']})\b", page)
    with Catalog(root / "catalog.sqlite") as catalog:
        assert not any(text.retrieval_text in page or text.generation_text in page for text in catalog.texts())
        assert not any(report[:60] in page for _, report in catalog.reports())
    assert ask("evaluate", "-w", root) == found, "measuring again gives the same numbers"
    assert "two patients in the val split" in ask("evaluate", "--split", "val", "-w", root, code=2)["error"]


def test_status_of_the_whole_chain(made: Any, ask: Ask) -> None:
    """What is there has an id, what was left out a reason, and the next verb is named."""
    found = ask("status", "-w", made.root)

    assert found["next"] == "pathalign evaluate"
    assert [name for name, identity in found["artifacts"].items() if identity is None] == ["evaluation"]
    assert {"slide_id": EMPTY, "outcome": "empty", "reason": "no tissue found"} in found["problems"]


def test_a_model_folder_loads_alone(made: Any, tmp_path: Path) -> None:
    """`pathalign.load` opens a model folder that was copied away from its workspace."""
    kinds = ("retrieval", "generation")
    copied = {kind: shutil.copytree(made.root / "models" / kind, tmp_path / kind) for kind in kinds}

    assert type(pathalign.load(copied["retrieval"])).__name__ == "Aligner"
    assert type(pathalign.load(str(copied["generation"]))).__name__ == "Describer"
