"""A set of patch embeddings: a folder of one encoder and one set of parameters, a file per slide, a manifest last."""

from __future__ import annotations

import operator
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.domain.records import Outcome
from pathalign.errors import StaleArtifact
from pathalign.store.artifact import MANIFEST, digest, write_manifest
from pathalign.store.embeddings import embedding_path, read_provenance, write_bag
from pathalign.store.int8_rows import STORED_AS
from pathalign.tasks.collection import Made, SlideResult

_LEFTOVER_S = 3600.0
"""A file that was being written for so long is no longer: its writer was killed, on this machine or on another."""

_ONLY_WHERE_ASKED = ("int8", "stored_as")
"""Parameters that a set has or has not."""

_ENCODER_IDENTITY = ("weights_digest", "embedding_dim", "mean", "std", "pooling")
"""What of an encoder's card moves its embeddings; its name, licence and page may be told in other words later."""


class EmbeddingSet:
    """The files of one set, as `embed` fills it."""

    def __init__(self, folder: Path, *, config: Mapping[str, Any], licence: str) -> None:
        """`config` is what all files must have in common."""
        self.folder = folder
        self.patches = 0
        self.broken_patches = 0
        self.unchanged = 0
        self._config = dict(config)
        self._licence = licence
        self._digests: dict[str, str] = {}

    def check_same(self) -> None:
        """Raise `StaleArtifact` when the set was made with other parameters; a half redone one may be completed."""
        different: list[str] = []
        for path in sorted(self.folder.glob("*.h5")):
            if (old := read_provenance(path)) is None:
                continue
            different = self._different(old)
            if not different:
                return
        if different:
            raise StaleArtifact(
                f"embeddings/{self.folder.name} differs from what is asked for in {' and '.join(different)}. Embed all "
                "slides again with `--redo`, or keep both: `--name NAME` puts these into a set of their own."
            )

    def made_from(self, slide_id: str, *, max_broken: float) -> dict[str, Any] | None:
        """The identity of the slide that the file at hand was made from; None when it has to be made (again)."""
        old = read_provenance(embedding_path(self.folder, slide_id))
        if old is None or self._different(old) or "identity" not in old:
            return None
        asked = old["patches"] + old["broken_patches"]
        return dict(old["identity"]) if old["broken_patches"] <= max_broken * asked else None

    def record(self, result: SlideResult) -> tuple[Outcome, str]:
        """Write what was made, drop what is no longer true, and say what became of the slide."""
        path = embedding_path(self.folder, result.request.slide_id)
        if result.made is None:
            if result.outcome is not None:
                self._keep_or_drop(result, path)
                return result.outcome, result.reason
            self.unchanged += 1
            return self._noted(result.request.slide_id, read_provenance(path) or {})
        self._drop(path)
        made = result.made
        if not np.isfinite(made.embeddings).all():
            return Outcome.FAILED, "the encoder gave numbers that are not finite in half precision; check its weights"
        provenance = {
            **self._config, "identity": made.identity, **made.facts, "computed": dict(made.computed),
            "patches": len(made.grid), "broken_patches": made.broken,
        }  # fmt: skip
        _write(path, result.request.slide_id, made, provenance, int8=self._config.get("stored_as") == STORED_AS)
        return self._noted(result.request.slide_id, provenance)

    def close(self) -> None:
        """Write the manifest, unless there is nothing in the set."""
        if self._digests:
            write_manifest(
                self.folder, kind="patch embeddings", config=self._config, parents={"slides": digest(self._digests)},
                licence=self._licence, slides=len(self._digests), encoder_licence=self._licence,
            )  # fmt: skip

    def clear_leftovers(self) -> None:
        """Remove what a killed process had begun to write. Its process may have run elsewhere, so age decides."""
        for part in self.folder.glob(".*.part"):
            try:
                if time.time() - part.stat().st_mtime > _LEFTOVER_S:
                    part.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another process of an array job removed it, or it was renamed to what it was to be

    def _different(self, old: Mapping[str, Any]) -> list[str]:
        keys = dict.fromkeys((*self._config, *_ONLY_WHERE_ASKED))
        return [
            key for key in keys
            if not (_same_encoder if key == "encoder" else operator.eq)(old.get(key), self._config.get(key))
        ]  # fmt: skip

    def _noted(self, slide_id: str, provenance: dict[str, Any]) -> tuple[Outcome, str]:
        self._digests[slide_id] = digest(provenance)
        patches, broken = provenance["patches"], provenance["broken_patches"]
        self.patches += patches
        self.broken_patches += broken
        if not patches:
            return Outcome.EMPTY, "no tissue found"
        return Outcome.OK, f"{broken} of {patches + broken} patches are broken and were left out" if broken else ""

    def _keep_or_drop(self, result: SlideResult, path: Path) -> None:
        """A slide that is away or slow says nothing against what was made of it; one that is broken does."""
        away = result.outcome == Outcome.TIMED_OUT or not result.request.path.exists()
        if away and (old := read_provenance(path)) is not None and not self._different(old):
            self._digests[result.request.slide_id] = digest(old)
        else:
            self._drop(path)

    def _drop(self, path: Path) -> None:
        """Without its manifest the set counts as incomplete until the end."""
        if path.is_file():
            (self.folder / MANIFEST).unlink(missing_ok=True)
            path.unlink()


def _same_encoder(old: object, new: object) -> bool:
    """Whether two cards are of one encoder; what an older version did not record yet is not held against a set."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return old == new
    return all(old[key] == new.get(key) for key in _ENCODER_IDENTITY if key in old)


def _write(path: Path, slide_id: str, made: Made, provenance: Mapping[str, Any], *, int8: bool) -> None:
    width, height = made.facts["size_px0"]
    write_bag(
        path, slide_id=slide_id, embeddings=made.embeddings, grid=made.grid, provenance=provenance,
        dtype=np.int8 if int8 else np.float16, attributes={"level0_width": width, "level0_height": height},
    )  # fmt: skip
