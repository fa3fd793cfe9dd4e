"""A set of imported embeddings: what all slides of it agree on, and the manifest that `train` looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.errors import BadEmbeddings, StaleArtifact
from pathalign.store.artifact import MANIFEST, digest, write_manifest
from pathalign.store.embeddings import embedding_path, read_provenance, write_bag
from pathalign.store.foreign.foreign_bag import ForeignBag
from pathalign.store.foreign.placing import PlacedBag
from pathalign.store.int8_rows import STORED_AS
from pathalign.store.workspace import Workspace, set_name

UNKNOWN_WEIGHTS = "not known (imported)"


class ImportedSet:
    """The set that is written to. The first slide that can be read decides what all of them must agree with.

    But for the length of an embedding: most files decide it, so that an odd one at the start costs one slide.
    """

    def __init__(
        self, workspace: Workspace, *, encoder: str | None, licence: str, name: str | None, dim: int | None,
        int8: bool = False,
    ) -> None:  # fmt: skip
        """`encoder` and `name` are what the user says; None leaves them to the files. `dim` is what most files have.

        `int8` stores embeddings as int8 rows.
        """
        self._int8 = int8
        self._workspace, self._encoder, self._licence, self._name = workspace, encoder, licence, name
        self._dim = dim
        self.folder: Path | None = None
        self.config: dict[str, Any] = {}
        self._empty: list[tuple[str, PlacedBag, dict[str, Any]]] = []

    def patches_from(self, slide_id: str, source: dict[str, Any]) -> int | None:
        """How many patches a slide has in the set, made of exactly that source; None when it is not there."""
        old = None if self.folder is None else read_provenance(embedding_path(self.folder, slide_id))
        if old is None or old.get("imported") != source or _different(old, self.config):
            return None
        return int(old["patches"])

    def put(self, slide_id: str, name: str, bag: ForeignBag, ready: PlacedBag, source: dict[str, Any]) -> None:
        """Write a slide; one without patches waits until the length of an embedding is known.

        Raises `BadEmbeddings` when it does not belong with those before it, and `StaleArtifact` when the set of that
        name holds other embeddings already.
        """
        if not len(bag):
            self._empty.append((slide_id, ready, source))
            return
        self._agree(name, bag, ready)
        self._write(slide_id, ready, source)

    def close(self) -> None:
        """Write what waited, and the manifest; a set of which no slide could be read is none."""
        if self.folder is None:
            return
        dim = self.config["encoder"]["embedding_dim"]
        for slide_id, ready, source in self._empty:
            self._write(slide_id, replace(ready, embeddings=np.zeros((0, dim), np.float16)), source)
        made = {path.stem: read_provenance(path) for path in sorted(self.folder.glob("*.h5"))}
        licence = self.config["encoder"]["licence"]
        write_manifest(
            self.folder, kind="patch embeddings", config=self.config, parents={"slides": digest(made)},
            licence=licence, slides=len(made), encoder_licence=licence,
        )  # fmt: skip

    def _agree(self, name: str, bag: ForeignBag, ready: PlacedBag) -> None:
        encoder = self._encoder or bag.encoder
        if encoder is None:
            raise BadEmbeddings(f"{name} ({bag.layout}) does not say its encoder. Say it with `--encoder-name NAME`.")
        dim, spec = ready.embeddings.shape[1], ready.grid.spec
        if dim != (expected_dim := self._dim or dim):
            raise BadEmbeddings(
                f"{name} ({bag.layout}) does not belong to the set: its embeddings have length {dim}, not "
                f"{expected_dim} as most. Import it from a folder of its own."
            )
        if self.folder is None:
            self._open(encoder, dim, spec.patch_px, spec.patch_mpp)
        card = self.config["encoder"]
        found = {"encoder": encoder, "length": dim, "patch side": spec.patch_px}
        expected = {"encoder": card["name"], "length": card["embedding_dim"], "patch side": self.config["patch_px"]}
        if bag.patch_mpp:
            found["resolution"], expected["resolution"] = spec.patch_mpp, self.config["patch_mpp"]
        if different := [f"{key} {found[key]}, not {expected[key]}" for key in found if found[key] != expected[key]]:
            raise BadEmbeddings(
                f"{name} ({bag.layout}) does not belong to the set: {'; '.join(different)}. Import it from a folder of "
                "its own, or with `--name` into another set."
            )
        effective_mpp, patch_mpp = ready.grid.effective_mpp, self.config["patch_mpp"]
        if not 0.5 < effective_mpp / patch_mpp < 2:
            raise BadEmbeddings(
                f"{name} ({bag.layout}) has patches at {effective_mpp:.3g} micrometres per pixel, the set at "
                f"{patch_mpp:g}. Check the slide's `mpp`, or import it with `--name` into another set."
            )

    def _open(self, encoder: str, dim: int, patch_px: int, patch_mpp: float) -> None:
        config = {
            "encoder": {
                "name": encoder, "embedding_dim": dim, "patch_px": patch_px, "patch_mpp": patch_mpp,
                "licence": self._licence, "source": "imported", "weights_digest": UNKNOWN_WEIGHTS,
            },
            "patch_px": patch_px, "patch_mpp": patch_mpp, "min_tissue": None, "tissue": None,
            **({"stored_as": STORED_AS} if self._int8 else {}),
        }  # fmt: skip
        name = self._name or set_name(encoder, patch_mpp=patch_mpp, patch_px=patch_px)
        folder = self._workspace.embeddings_folder(name)
        for path in sorted(folder.glob("*.h5")):
            there = read_provenance(path)
            if there and (different := _different(there, config)):
                raise StaleArtifact(
                    f"embeddings/{folder.name} is there already, and differs in {' and '.join(different)}. "
                    "Import into a set of its own with `--name NAME`, or delete that folder."
                )
        self.folder, self.config = folder, config

    def _write(self, slide_id: str, ready: PlacedBag, source: dict[str, Any]) -> None:
        assert self.folder is not None
        if self.patches_from(slide_id, source) is not None:
            return
        (self.folder / MANIFEST).unlink(missing_ok=True)  # incomplete until the end
        spec = replace(ready.grid.spec, patch_mpp=self.config["patch_mpp"])
        write_bag(
            embedding_path(self.folder, slide_id), slide_id=slide_id, embeddings=ready.embeddings,
            grid=replace(ready.grid, spec=spec), arrays=ready.arrays,
            dtype=np.int8 if self._int8 else ready.embeddings.dtype,
            provenance={**self.config, "imported": source, **ready.facts, "patches": len(ready.grid)},
        )  # fmt: skip


def _different(there: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """What a file of a set and its configuration do not agree on."""
    return [key for key in dict.fromkeys((*config, "stored_as")) if there.get(key) != config.get(key)]
