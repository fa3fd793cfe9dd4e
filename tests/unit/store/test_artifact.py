"""Writing that survives a kill, and manifests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.store.artifact import (
    digest,
    digest_file,
    read_manifest,
    software,
    strictest_licence,
    write_json,
    write_manifest,
    write_text,
    written_aside,
)

pytestmark = pytest.mark.unit


def test_the_old_file_stays_when_the_block_raises(tmp_path: Path) -> None:
    """Half of a new file never takes the place of the old one, and leaves nothing behind."""
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def write_half() -> None:
        with written_aside(path) as aside:
            aside.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_readers_see_the_old_file_until_the_block_ends(tmp_path: Path) -> None:
    """The new bytes appear at once, by a rename within the same folder."""
    path = tmp_path / "deep" / "er" / "a.txt"
    write_text(path, "old")

    with written_aside(path) as aside:
        aside.write_text("new")
        assert aside.parent == path.parent
        assert path.read_text() == "old"

    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_bytes_are_synced_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is fsynced first, renamed second, and its folder fsynced last."""
    events: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (events.append("replace"), replace(self, to))[1])

    write_text(tmp_path / "a.txt", "new")

    assert events == ["fsync", "replace", "fsync"]


def test_equal_values_are_equal_bytes(tmp_path: Path) -> None:
    """The order of keys does not reach the file or the digest, and text stays readable."""
    write_json(tmp_path / "a.json", {"b": "µm", "a": 1})
    write_json(tmp_path / "b.json", {"a": 1, "b": "µm"})

    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "µm" in (tmp_path / "a.json").read_text(encoding="utf-8")
    assert digest({"b": 2, "a": 1}) == digest({"a": 1, "b": 2}) != digest({"a": 1, "b": 3})
    assert digest_file(tmp_path / "a.json") == digest_file(tmp_path / "b.json")


def test_the_id_is_of_kind_config_and_parents(tmp_path: Path) -> None:
    """Equal work has an equal id; another parent is other work; licence and extras are not part of it."""

    def written(name: str, **changes: object) -> dict[str, object]:
        work = {"kind": "index", "config": {"a": 1}, "parents": {"p": "1"}, "licence": "", **changes}
        return write_manifest(tmp_path / name, **work)  # type: ignore[arg-type]

    first = written("a")

    assert written("b")["id"] == first["id"]
    assert written("c", licence="CC-BY-NC-4.0")["id"] == first["id"]
    assert written("d", parents={"p": "2"})["id"] != first["id"]
    assert written("e", config={"a": 2})["id"] != first["id"]
    assert written("f", slides=3)["slides"] == 3
    assert read_manifest(tmp_path / "a", kind="index", repair="") == first


def test_no_manifest_means_not_complete(tmp_path: Path) -> None:
    """A folder without a manifest is a missing artifact, whatever else lies in it, and the repair is named."""
    (tmp_path / "weights.bin").write_bytes(b"x")

    with pytest.raises(MissingArtifact, match=r"no complete index .*Run `pathalign index`\."):
        read_manifest(tmp_path, kind="index", repair="Run `pathalign index`.")


@pytest.mark.parametrize("change", [{"kind": "model"}, {"schema": 99}])
def test_another_kind_or_schema_is_stale(tmp_path: Path, change: dict[str, object]) -> None:
    """A manifest of another kind or schema is refused with what was seen, what was expected and the repair."""
    manifest = write_manifest(tmp_path, kind="index", config={}, parents={}, licence="")
    write_json(tmp_path / "manifest.json", {**manifest, **change})

    with pytest.raises(StaleArtifact, match=r"expected a index of schema 1\. Do it again\."):
        read_manifest(tmp_path, kind="index", repair="Do it again.")


def test_a_damaged_manifest_is_stale(tmp_path: Path) -> None:
    """A manifest that is no JSON is refused with the repair, not with a parser's words."""
    (tmp_path / "manifest.json").write_text('{"kind": "ind')

    with pytest.raises(StaleArtifact, match=r"Do it again\."):
        read_manifest(tmp_path, kind="index", repair="Do it again.")


def test_software_is_recorded(tmp_path: Path) -> None:
    """A manifest says which versions made it."""
    write_manifest(tmp_path, kind="index", config={}, parents={}, licence="")

    recorded = json.loads((tmp_path / "manifest.json").read_text())["software"]
    assert recorded == software()
    assert {"python", "pathalign", "torch", "numpy", "h5py", "openslide-bin"} <= set(recorded)


@pytest.mark.parametrize(
    ("licences", "inherited"),
    [
        (["Apache-2.0", "CC-BY-NC-ND-4.0", "MIT"], "CC-BY-NC-ND-4.0"),
        (["Apache-2.0", "", "Apache-2.0"], "Apache-2.0"),
        (["MIT", "Apache-2.0"], "Apache-2.0 AND MIT"),
        (["", ""], ""),
        (["Health AI Developer Foundations, non-commercial", "MIT"], "Health AI Developer Foundations, non-commercial"),
    ],
)
def test_the_strictest_licence_is_inherited(licences: list[str], inherited: str) -> None:
    """A non-commercial parent makes a non-commercial child; open ones are named together."""
    assert strictest_licence(*licences) == inherited


def test_nc_within_a_word_is_no_restriction() -> None:
    """The letters `nc` inside a word, as in "licence", do not make a licence non-commercial."""
    assert strictest_licence("MIT licence", "Apache-2.0") == "Apache-2.0 AND MIT licence"
