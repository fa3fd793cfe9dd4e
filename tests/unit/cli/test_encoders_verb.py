"""`encoders`: the table, one card, and what it takes to use it here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest
from click.testing import CliRunner, Result

from pathalign.cli import console
from pathalign.cli.main import cli
from pathalign.encoders.cards import public_cards

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hub, and a wide terminal."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(console.OUT, "_width", 140)  # the variable COLUMNS is read once, when the module is imported
    return tmp_path


def run(*arguments: str) -> Result:
    """`pathalign encoders`."""
    return CliRunner().invoke(cli, ["encoders", *arguments])


def put_in_cache(cache: Path, hub: str, name: str) -> None:
    """A file of a repository as the Hub's client keeps it."""
    folder = cache / f"models--{hub.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / name).write_bytes(b"weights")


def test_every_card_has_a_row_in_the_document() -> None:
    """`--json` lists all of them, each with a state and, unless it is ready, with steps."""
    listed = json.loads(run("--json").stdout)["encoders"]

    assert [each["name"] for each in listed if each["kind"] == "public"] == list(public_cards())
    assert all(bool(each["steps"]) == (each["state"] != "ready") for each in listed)
    assert {each["state"] for each in listed if each["gated"]} <= {"access", "extra"}


def test_what_is_in_the_cache_is_ready(cache: Path) -> None:
    """Weights that the Hub's client downloaded before are found without asking anyone; half a repository is not."""
    put_in_cache(cache, "MahmoodLab/UNI", "pytorch_model.bin")
    put_in_cache(cache, "owkin/phikon", "model.safetensors")

    listed = {each["name"]: each for each in json.loads(run("--json").stdout)["encoders"]}

    assert (listed["uni"]["state"], listed["uni"]["steps"]) == ("ready", [])
    assert listed["phikon"]["state"] == "download", "its config.json is missing"


def test_the_table_says_what_is_in_doubt() -> None:
    """A figure that no source gives is marked."""
    rows = {line.split()[0]: line for line in run().stdout.splitlines() if line}

    assert "0.5 ?" in rows["openmidnight"]
    assert "yes ?" in rows["openmidnight"]
    assert "?" not in rows["virchow2"]
    assert "ask for access first" in rows["virchow2"]


def test_one_card_ends_with_the_steps() -> None:
    """A gated encoder's steps: its page, the token, the download, and the way without network."""
    told = run("uni").stdout

    assert "1. Open https://huggingface.co/MahmoodLab/UNI, log in and ask with an institutional" in told
    assert "2. Run `hf auth login`" in told
    assert "pathalign embed --encoder uni --weights FILE" in " ".join(told.split())


def test_a_folder_is_asked_for_where_one_is_needed() -> None:
    """Models of transformers are a folder, with their config.json."""
    steps = json.loads(run("phikon", "--json").stdout)["encoder"]["steps"]

    assert steps[-1].endswith("give the folder with `pathalign embed --encoder phikon --weights FOLDER`.")


def test_listing_loads_no_torch() -> None:
    """The table answers at once."""
    program = (
        "import sys\nfrom pathalign.cli import main\ntry:\n    main(['encoders'])\nexcept SystemExit:\n    pass\n"
        "assert not {'torch', 'transformers', 'timm'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
