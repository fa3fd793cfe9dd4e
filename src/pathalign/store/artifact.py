"""Writing that survives a kill: aside, fsynced, renamed; the manifest last, so that its existence means complete."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.version import __version__

SCHEMA = 1
MANIFEST = "manifest.json"
_RECORDED = (
    "numpy",
    "torch",
    "transformers",
    "tokenizers",
    "h5py",
    "openslide-python",
    "openslide-bin",
    "pillow",
    "opencv-python-headless",
    "simplejpeg",
    "imagecodecs",
)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder that takes the place of `path` when the block ends well.

    A kill leaves the old file or none, never half of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        with aside.open("rb") as f:
            os.fsync(f.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file aside and rename it."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write JSON aside and rename it; keys sorted, so that equal values are equal bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def digest(value: object) -> str:
    """A short hash of anything that JSON can say; equal for equal values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def digest_file(path: Path) -> str:
    """A short hash of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()[:16]


def write_manifest(
    folder: Path, *, kind: str, config: Mapping[str, Any], parents: Mapping[str, str], licence: str, **extra: Any
) -> dict[str, Any]:
    """Close an artifact: say what it is, from what it was made, with which software and under which licence.

    `parents` maps a name to the `id` of an artifact or the digest of an input. The `id` of this one is a hash of
    kind, config and parents: equal work has an equal id.
    """
    identity = {"kind": kind, "config": dict(config), "parents": dict(parents)}
    manifest = {
        **identity,
        "id": digest(identity),
        "schema": SCHEMA,
        "licence": licence,
        "software": software(),
        **extra,
    }
    write_json(folder / MANIFEST, manifest)
    return manifest


def read_manifest(folder: Path, *, kind: str, repair: str) -> dict[str, Any]:
    """The manifest of a complete artifact.

    Raises `MissingArtifact` with `repair` when there is none, `StaleArtifact` when it is of another kind or schema.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise MissingArtifact(f"There is no complete {kind} in {folder.name}/ of the workspace. {repair}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StaleArtifact(f"{folder.name}/{MANIFEST} is damaged: it is no JSON. {repair}") from error
    if manifest.get("kind") != kind or manifest.get("schema") != SCHEMA:
        raise StaleArtifact(
            f"{folder.name}/{MANIFEST} describes a {manifest.get('kind')} of schema {manifest.get('schema')}, "
            f"expected a {kind} of schema {SCHEMA}. {repair}"
        )
    return manifest


def software() -> dict[str, str]:
    """Versions of what can change the bytes of an artifact."""
    versions = {"python": platform.python_version(), "pathalign": __version__}
    for name in _RECORDED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def strictest_licence(*licences: str) -> str:
    """The licence that a derived artifact inherits: non-commercial before any other that is named, open ones last."""
    named = sorted({licence for licence in licences if licence})
    restricted = [licence for licence in named if re.search(r"\bnc\b|\bnon-?commercial\b", licence.lower())]
    return " AND ".join(restricted or named)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
