"""`curate` with what goes beyond rules, as a user types it."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.cli.main import main
from pathalign.store.workspace import create_workspace
from pathalign.testing.chat_endpoint import chat_endpoint

pytestmark = pytest.mark.unit

Run = Callable[..., tuple[int, str, str]]
ODD = "MICROSCOPIC DESCRIPTION: chronic gastritis with intestinal metaplasia."
REAL_CONNECT = socket.socket.connect


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `pathalign` in a workspace with a report that rules read and one that they do not."""
    monkeypatch.chdir(create_workspace(tmp_path).root)
    monkeypatch.setenv("COLUMNS", "110")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    Path("slides.csv").write_text("slide_id,path,case_id\na,,C1\nb,,C2\n")
    Path("reports.csv").write_text(f'case_id,report\nC1,"FINAL DIAGNOSIS: Colon, biopsy: Adenoma."\nC2,"{ODD}"\n')
    call("add", "slides.csv", "--reports", "reports.csv")
    return call


def test_reports_do_not_leave_unasked(run: Run) -> None:
    """A host elsewhere is refused with exit code 2 and the flag, before anything else is done."""
    code, out, err = run("curate", "--language-model", "m", "--endpoint", "http://192.168.0.9/v1")

    assert (code, out) == (2, "")
    assert "--allow-remote" in err
    assert run("curate", "--language-model", "m")[0] == 2
    assert run("curate", "--endpoint", "http://127.0.0.1:1/v1")[0] == 2


def test_a_local_model_is_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its counts are in the document and in what a person reads."""
    monkeypatch.setattr(socket.socket, "connect", REAL_CONNECT)
    sentence = {"text": "Chronic gastritis", "quotes": ["chronic gastritis"]}
    answer = {"parts": [{"label": "", "header": "", "retrieval": [sentence], "generation": [sentence]}]}
    with chat_endpoint(lambda _: answer) as endpoint:
        options = ("--language-model", "m", "--endpoint", endpoint.url, "--price", "1", "2")
        code, out, _ = run("curate", *options, "--json")
        use = json.loads(out)["language_model"]
        spoken = run("curate", *options)[1]

    assert code == 0
    assert (use["asked"], use["reports_read"], use["cost"]) == (1, 1, 0.00012)
    assert "Language model m: answered 1" in spoken


def test_the_round_trip_of_corrections(run: Run) -> None:
    """Out, edited, in: the document counts it, and a bad row is told on stderr."""
    code, out, _ = run("curate", "--export-review", "review.csv", "--json")
    assert (code, json.loads(out)["exported"]) == (0, {"path": "review.csv", "rows": 2})
    with Path("review.csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    rows[1]["retrieval_text"] = rows[1]["generation_text"] = "Stomach: Chronic gastritis."
    rows.append({**rows[0], "slide_id": "zz"})
    with Path("review.csv").open("w", newline="") as f:
        table = csv.DictWriter(f, list(rows[0]))
        table.writeheader()
        table.writerows(rows)

    code, out, err = run("curate", "--corrections", "review.csv", "--json")

    document = json.loads(out)
    assert code == 0
    assert (document["corrections"]["taken"], document["corrected"], document["slides_with_text"]) == (1, 1, 2)
    assert "review.csv line 4: zz" in err


def test_a_table_of_another_kind_is_refused_first(run: Run) -> None:
    """Nothing is curated for a file that cannot be written."""
    code, _, err = run("curate", "--export-review", "review.xlsx")

    assert code == 2
    assert "review.xlsx" in err
    assert "Curating" not in err


@pytest.mark.slow
def test_a_page_to_look_at(run: Run) -> None:
    """Without a name it is in the workspace, with one it is there; both are said."""
    code, out, _ = run("curate", "--review", "--json")
    assert code == 0
    assert Path(json.loads(out)["review"]).resolve() == Path("runs/curate/review.html").resolve()
    assert Path("runs/curate/review.html").is_file()

    code, out, _ = run("curate", "--review", "page.html", "--review-limit", "1")
    assert code == 0
    assert "To look at: page.html" in out
    assert Path("page.html").read_text().count('<details class="case"') == 1


def test_provenance_is_exported(run: Run) -> None:
    """With the number of its rows; a name without a form is refused before anything is curated."""
    code, out, _ = run("curate", "--export-provenance", "told.jsonl", "--json")

    rows = [json.loads(line) for line in Path("told.jsonl").read_text().splitlines()]
    assert code == 0
    assert json.loads(out)["provenance"] == {"path": "told.jsonl", "rows": len(rows)}
    assert {row["view"] for row in rows} == {"retrieval", "generation"}
    assert run("curate", "--export-provenance", "told.txt")[0] == 2
    assert "sentences" in run("curate", "--export-provenance", "told.csv")[1]
