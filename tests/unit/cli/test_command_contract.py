"""What every verb promises: help, exit codes, one JSON document on stdout and nothing else there."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from pathalign.cli.main import cli, main
from pathalign.domain.records import Outcome
from pathalign.store.workspace import create_workspace, open_workspace
from pathalign.tasks.embedding import Embedding
from pathalign.version import __version__

pytestmark = pytest.mark.unit

Run = Callable[..., tuple[int, str, str]]
VERBS = sorted(cli.commands)
LEAVES = [[name] for name in VERBS if name != "train"] + [["train", "retrieval"], ["train", "generation"]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `pathalign` in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace, called ws, in the current folder."""
    return create_workspace(tmp_path / "ws").root


def only_document(out: str) -> Any:
    """The one JSON document of stdout."""
    assert out.count("\n") == 1, "one document on one line"
    return json.loads(out)


def test_help_is_a_tour(run: Run) -> None:
    """`--help` lists every verb once, with a text, under the steps in the order of the chain."""
    code, out, err = run("--help")

    assert (code, err) == (0, "")
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and line.split()[0] in VERBS]
    assert sorted(listed) == VERBS
    tour = [
        "See it work:",
        "1  Gather slides and reports:",
        "2  Look at every slide:",
        "3  Learn:",
        "4  Ask:",
        "5  Measure:",
    ]
    assert [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")] == ["Options:", *tour]
    chain = ["init", "add", "curate", "pretrain", "embed", "train", "index", "search", "describe", "evaluate"]
    assert [verb for verb in listed if verb in chain] == chain


def test_no_arguments_is_help(run: Run) -> None:
    """`pathalign` alone shows the tour."""
    assert run() == run("--help")


def test_version(run: Run) -> None:
    """`--version` says the version."""
    assert run("--version") == (0, f"pathalign, version {__version__}\n", "")


@pytest.mark.parametrize("verb", [*LEAVES, ["train"]], ids=" ".join)
def test_every_verb_has_help(run: Run, verb: list[str]) -> None:
    """Help needs no workspace, tells what the verb does, and explains each option."""
    code, out, err = run(*verb, "--help")

    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: pathalign {' '.join(verb)} ")
    command: click.Command = cli
    for name in verb:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command.help
    assert command.short_help


@pytest.mark.parametrize("verb", [verb for verb in LEAVES if verb != ["demo"]], ids=" ".join)
def test_every_verb_takes_json(run: Run, verb: list[str]) -> None:
    """`--json` is everywhere, and -w wherever a workspace is read."""
    _, out, _ = run(*verb, "--help")

    assert "--json" in out
    assert ("--workspace DIR" in out) == (verb not in (["init"], ["doctor"], ["encoders"]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["status", "--frobnicate"], "No such option"),
        (["add"], "Missing argument 'SLIDES.csv'"),
        (["train"], "Missing command"),
        (["classify"], "--classes"),
        (["search", "x", "--top", "0"], "--top"),
        (["evaluate", "--split", "all"], "'all' is not one of"),
    ],
)
def test_wrong_use_leaves_with_2(run: Run, arguments: list[str], told: str) -> None:
    """A verb or an option that does not exist is told in one paragraph, with where to look."""
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("pathalign: ")
    assert told in err
    assert "--help`" in err
    assert err.count("\n") == 1


NEED_WORKSPACE: list[list[str]] = [
    ["add", "slides.csv"], ["curate"], ["status"], ["pretrain"], ["embed"], ["train", "retrieval"],
    ["train", "generation"], ["index"], ["search", "x"], ["describe", "x"], ["classify", "--classes", "x"],
    ["triage"], ["evaluate"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", NEED_WORKSPACE, ids=" ".join)
def test_outside_a_workspace_the_repair_is_named(run: Run, arguments: list[str], tmp_path: Path) -> None:
    """Every verb that needs a workspace says how to make one, and makes nothing itself."""
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert "is not a PathAlign workspace" in err
    assert "pathalign init DIR" in err
    assert "-w DIR" in err
    assert list(tmp_path.iterdir()) == []


NEXT_STEP = [
    (["curate"], "pathalign add"),
    (["pretrain"], "pathalign add"),
    (["train", "retrieval"], "pathalign embed"),
    (["train", "generation"], "pathalign embed"),
    (["index"], "pathalign train retrieval"),
    (["search", "x"], "pathalign index"),
    (["search"], "TEXT or `--slide ID`"),
    (["search", ""], "query is empty"),
    (["search", "x", "--where", "colour=red"], "KEY=VALUE"),
    (["search", "x", "--where", "topography=C18.7"], "three characters"),
    (["describe", "x"], "pathalign status --slides"),
    (["triage"], "pathalign index"),
    (["evaluate"], "pathalign index"),
    (["add", "nowhere.csv"], "does not exist"),
    (["train", "retrieval", "--recipe", "huge"], "tiny, base"),
    (["embed", "--mpp", "400"], "0.05-20"),
]


@pytest.mark.parametrize(("arguments", "repair"), NEXT_STEP, ids=[" ".join(a) for a, _ in NEXT_STEP])
def test_what_is_missing_is_told_as_json(run: Run, workspace: Path, arguments: list[str], repair: str) -> None:
    """With --json an error is one document with the message and the exit code; stderr tells the same."""
    code, out, err = run(*arguments, "-w", workspace, "--json")

    assert code == 2
    document = only_document(out)
    assert sorted(document) == ["error", "exit_code"]
    assert document["exit_code"] == 2
    assert repair in document["error"]
    assert f"pathalign: {document['error']}" in err


def test_init_add_curate_status(run: Run, tmp_path: Path) -> None:
    """The first verbs answer with their JSON on stdout; what went on is on stderr."""
    (tmp_path / "slides.csv").write_text("slide_id,path,case_id,split\ns1,,C1,train\ns2,gone.tif,C1,\ns3,,C2,test\n")
    (tmp_path / "reports.csv").write_text('case_id,report\nC1,"DIAGNOSIS: Lung, biopsy: Adenocarcinoma."\n')

    code, out, _ = run("init", "ws", "--json")
    assert (code, only_document(out)["workspace"]) == (0, str(tmp_path / "ws"))

    code, out, err = run("add", "slides.csv", "--reports", "reports.csv", "-w", "ws", "--json")
    assert code == 0, "a bad row among good ones is told, not fatal"
    document = only_document(out)
    assert [document[key] for key in ("slides_added", "slides_updated", "reports_added")] == [2, 0, 1]
    assert [(p["source"], p["line"], p["item"]) for p in document["problems"]] == [("slides.csv", 3, "s2")]
    assert "slides.csv line 3: s2" in err
    assert "Checking slides" in err

    code, out, err = run("curate", "-w", "ws", "--json")
    assert (code, only_document(out)["slides_with_text"]) == (0, 1)
    assert "Adenocarcinoma" not in out + err

    code, out, err = run("status", "-w", "ws", "--json")
    document = only_document(out)
    assert (code, err) == (0, "")
    assert document["counts"] == {"patients": 2, "cases": 2, "slides": 2, "reports": 1, "parts": 1, "texts": 1}
    assert document["splits"] == {"train": 1, "test": 1}
    assert document["next"] == "pathalign import-embeddings DIR"
    assert set(document["artifacts"].values()) == {None}
    assert [slide["slide_id"] for slide in document["slides"]] == ["s1", "s3"]


def test_a_person_reads_the_same(run: Run, workspace: Path, tmp_path: Path) -> None:
    """Without --json the account is in words; cells are never read as markup."""
    (tmp_path / "slides.csv").write_text("slide_id,path,case_id\n[red]s1,,C1\n[bold],gone.tif,C1\n")

    code, out, err = run("add", "slides.csv", "-w", workspace)
    assert (code, out) == (0, "1 slides added, 0 updated; 0 reports added or changed.\n")
    assert "slides.csv line 3: [bold]: there is no file" in err

    code, out, _ = run("status", "--slides", "--problems", "-w", workspace)
    assert code == 0
    assert "[red]s1" in out
    assert "Next: pathalign import-embeddings DIR" in out


def test_strict_leaves_with_2(run: Run, workspace: Path, tmp_path: Path) -> None:
    """`--strict` turns any bad row into exit code 2; the good ones are stored all the same."""
    (tmp_path / "slides.csv").write_text("slide_id,path\ns1,\ns2,gone.tif\n")

    code, out, _ = run("add", "slides.csv", "--strict", "-w", workspace, "--json")

    assert code == 2
    assert only_document(out)["slides_added"] == 1


def test_nothing_added_leaves_with_2(run: Run, workspace: Path, tmp_path: Path) -> None:
    """A table without one good row is something that the user must change."""
    (tmp_path / "slides.csv").write_text("slide_id,path\ns2,gone.tif\n")

    assert run("add", "slides.csv", "-w", workspace)[0] == 2


def test_a_missing_column_is_named(run: Run, workspace: Path, tmp_path: Path) -> None:
    """A table without a required column is refused with the column and the header that was seen."""
    (tmp_path / "slides.csv").write_text("slide,path\ns1,\n")

    code, out, err = run("add", "slides.csv", "-w", workspace)

    assert (code, out) == (2, "")
    assert "needs the column slide_id; its header has slide, path" in err


def test_parquet_without_pyarrow_names_the_extra(
    run: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing extra is told with the command that installs it."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "slides.parquet").write_bytes(b"PAR1")

    code, _, err = run("add", "slides.parquet", "-w", workspace)

    assert code == 2
    assert "pip install 'pathalign[parquet]'" in err


def test_doctor(run: Run) -> None:
    """`doctor --json` says whether the machine is healthy, and of each finding what was found."""
    code, out, err = run("doctor", "--json")

    document = only_document(out)
    assert (code, err) == (0 if document["healthy"] else 1, "")
    assert all(sorted(finding) == ["found", "ok", "repair", "what"] for finding in document["findings"])
    what = {finding["what"] for finding in document["findings"]}
    assert {"Python", "torch", "OpenSlide library", "bfloat16 on this CPU", "GPU", "Free disk space"} <= what
    assert all(finding["repair"] for finding in document["findings"] if not finding["ok"])


def test_stopped_by_the_user(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves with 1 and says that the same command goes on."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pathalign.tasks.curation.curate", stop)
    code, out, err = run("curate", "-w", workspace, "--json")

    assert code == 1
    assert only_document(out)["exit_code"] == 1
    assert "run the same command again" in err


def test_a_busy_stage_leaves_with_1(run: Run, workspace: Path) -> None:
    """Two processes never work on the same stage; waiting helps, so the exit code is 1."""
    with open_workspace(workspace).lock("catalog"):
        code, out, err = run("curate", "-w", workspace, "--json")

    assert (code, only_document(out)["exit_code"]) == (1, 1)
    assert "Another process" in err


def test_a_slide_set_without_tissue_is_one_document(
    run: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no slide gives a patch, `embed` leaves with 2 after its one document."""
    (workspace / "models" / "encoder").mkdir(parents=True)
    (workspace / "models" / "encoder" / "manifest.json").write_text("{}")
    monkeypatch.setattr("pathalign.encoders.registry.load_encoder", lambda *_, **__: None)
    monkeypatch.setattr("pathalign.cli.embed._accelerated", lambda *_, **__: None)
    nothing = Embedding(name="e", outcomes=Counter({Outcome.EMPTY: 2}))
    monkeypatch.setattr("pathalign.tasks.embedding.embed", lambda *_, **__: nothing)

    code, out, err = run("embed", "-w", workspace, "--json")

    assert code == 2
    assert only_document(out)["slides"] == {"ok": 0, "empty": 2, "refused": 0, "failed": 0, "timed out": 0}
    assert "No slide gave a patch of tissue" in err
