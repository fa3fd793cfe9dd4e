"""Encoders of other packages: the example of the documentation, installed as a package is, and broken ones."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from pathalign.cli.main import cli
from pathalign.encoders.plugins import plugins
from pathalign.encoders.registry import load_encoder
from pathalign.errors import BrokenPlugin
from pathalign.testing.encoder_contract import EncoderContract

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs" / "encoders.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
ENTRY = re.findall(r'```toml\n\[project.entry-points."pathalign.encoders"\]\n(.*?)```', PAGE, re.DOTALL)[0]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python imports from; what was imported from it is forgotten."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def install(site: Path, *, package: str, module: str, code: str, entry: str) -> None:
    """A module and what a package manager notes of it."""
    (site / f"{module}.py").write_text(code, encoding="utf-8")
    noted = site / f"{package}-1.2.dist-info"
    noted.mkdir()
    (noted / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    (noted / "entry_points.txt").write_text(f"[pathalign.encoders]\n{entry}\n")


def install_example(site: Path) -> None:
    """The documentation's own."""
    install(site, package="mean-colour", module="mean_colour", code=EXAMPLE, entry=ENTRY.strip().replace('"', ""))


def test_the_example_of_the_documentation_is_found_by_name(site: Path) -> None:
    """An installed package's encoder is loaded by `--encoder NAME`, and computes what it says."""
    install_example(site)

    encoder = load_encoder("mean-colour", own_folder=site / "none")

    patches = torch.tensor([0, 255, 51], dtype=torch.uint8).expand(2, 8, 8, 3)
    torch.testing.assert_close(encoder.encode(patches), torch.tensor([[0, 1.0, 0.2]] * 2))
    assert encoder.card.name == "mean-colour"
    assert plugins()["mean-colour"].distribution == "mean-colour 1.2"


def test_the_example_keeps_the_contract(site: Path) -> None:
    """What the documentation shows passes the suite that it tells to run."""
    install_example(site)

    class Contract(EncoderContract):
        def encoder(self):
            return load_encoder("mean-colour", own_folder=site / "none")

    promises = [name for name in dir(Contract) if name.startswith("test_")]
    assert len(promises) >= 15
    for promise in promises:
        getattr(Contract(), promise)()


def test_encoders_lists_it_and_shows_its_card(site: Path) -> None:
    """The table names the package without importing it; with the name, the card is shown."""
    install_example(site)
    run = CliRunner().invoke

    listed = json.loads(run(cli, ["encoders", "--json"]).stdout)["encoders"]
    assert listed[0] == {
        "name": "mean-colour", "kind": "plug-in", "source": "mean-colour 1.2", "state": "ready", "steps": [],
    }  # fmt: skip
    assert "mean_colour" not in sys.modules
    shown = json.loads(run(cli, ["encoders", "mean-colour", "--json"]).stdout)["encoder"]
    assert (shown["licence"], shown["embedding_dim"]) == ("CC0-1.0", 3)
    assert "mean-colour: plug-in of mean-colour 1.2; usable here" in run(cli, ["encoders"]).stdout


def test_a_plugin_goes_before_a_card(site: Path) -> None:
    """Who installs a package that offers `uni` wants that one."""
    install(site, package="mean-colour", module="mean_colour", code=EXAMPLE, entry="uni = mean_colour:MeanColour")

    assert load_encoder("uni", own_folder=site).card.name == "mean-colour"


@pytest.mark.parametrize(
    ("code", "entry", "told"),
    [
        ("raise RuntimeError('no licence server')", "bad = bad_module:make", "RuntimeError: no licence server"),
        ("import not_there_at_all", "bad = bad_module:make", "ModuleNotFoundError"),
        ("", "bad = bad_module:make", "AttributeError"),
        ("def make():\n    return 3", "bad = bad_module:make", "gave a int, which is no PatchEncoder"),
        ("make = 3", "bad = bad_module:make", "TypeError"),
    ],
    ids=["raises", "needs a module", "lacks the object", "gives something else", "is not callable"],
)
def test_a_broken_plugin_is_named_and_harms_no_other(site: Path, code: str, entry: str, told: str) -> None:
    """The error names the encoder, its package and what went wrong; other names are loaded as ever."""
    install(site, package="bad-package", module="bad_module", code=code, entry=entry)
    install_example(site)

    with pytest.raises(BrokenPlugin, match=rf"(?s)bad.*bad-package 1\.2.*{told}"):
        load_encoder("bad", own_folder=site)
    assert load_encoder("mean-colour", own_folder=site).card.embedding_dim == 3


def test_a_missing_module_shows_in_the_table(site: Path) -> None:
    """What can be seen without importing is said in the list."""
    install(site, package="bad-package", module="other", code="", entry="bad = gone.away:make")

    listed = json.loads(CliRunner().invoke(cli, ["encoders", "--json"]).stdout)["encoders"]

    assert listed[0]["state"] == "broken"
    assert "Repair or update bad-package 1.2" in listed[0]["steps"][0]
