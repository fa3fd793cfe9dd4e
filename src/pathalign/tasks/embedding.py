"""`embed`: slides -> patch embeddings, one file per slide. Killed and run again, it goes on where it was."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Outcome, Problem, Slide
from pathalign.encoders.encoder import PatchEncoder
from pathalign.errors import MissingArtifact, PathAlignError, StaleArtifact, UnreadableSlide
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue import TissueConfig
from pathalign.store.artifact import MANIFEST, digest, write_manifest
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, read_provenance, write_bag
from pathalign.store.workspace import Workspace

STAGE = "embed"
BATCH = 32
"""Patches per call of the encoder; on a CPU larger ones are no faster."""


@dataclass(kw_only=True)
class Embedding:
    """What `embed` did."""

    name: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    slides_done_before: int = 0
    patches: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The document of `embed --json`."""
        return {
            "embeddings": self.name,
            "slides": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "slides_done_before": self.slides_done_before,
            "patches": self.patches,
            "problems": [problem.as_json() for problem in self.problems],
        }


def embed(
    workspace: Workspace,
    encoder: PatchEncoder,
    *,
    spec: PatchSpec,
    tissue: TissueConfig | None = None,
    redo: bool = False,
    progress: Progress = silent,
) -> Embedding:
    """Embed the tissue patches of every slide of the catalog that has pixels.

    A slide whose file is there, made from the same slide with the same parameters, is left as it is. A slide that
    cannot be read is recorded with its reason and the run goes on. `redo` embeds all of them again. Raises
    `StaleArtifact` when the set of that name was made by another encoder or with other parameters.
    """
    tissue = tissue or TissueConfig()
    name = set_name(encoder, spec)
    folder = workspace.embeddings_folder(name)
    config = {
        "encoder": encoder.card.as_json(), "patch_px": spec.patch_px, "patch_mpp": spec.patch_mpp,
        "min_tissue": spec.min_tissue, "tissue": tissue.as_json(),
    }  # fmt: skip
    done = Embedding(name=name)
    with workspace.lock(STAGE), Catalog(workspace.catalog_path) as catalog:
        slides = [slide for slide in catalog.slides() if slide.path is not None]
        if not slides:
            raise MissingArtifact("The workspace holds no slide to embed. Run `pathalign add slides.csv` first.")
        if not redo:
            _check_same_set(folder, config)
        with progress(f"Embedding slides ({name})", len(slides)) as advance:
            for slide in slides:
                outcome, reason = _embed_slide(slide, encoder, spec, tissue, config, folder, redo, done)
                done.outcomes[outcome] += 1
                catalog.put_outcome(STAGE, slide.slide_id, outcome, reason)
                if outcome in (Outcome.REFUSED, Outcome.FAILED):
                    done.problems.append(Problem(source=STAGE, line=None, item=slide.slide_id, reason=reason))
                advance(1)
        made = sorted(slide.slide_id for slide in slides if embedding_path(folder, slide.slide_id).is_file())
        if made:
            provenance = {slide_id: read_provenance(embedding_path(folder, slide_id)) for slide_id in made}
            write_manifest(
                folder, kind="patch embeddings", config=config, parents={"slides": digest(provenance)},
                licence=encoder.card.licence, slides=len(made), encoder_licence=encoder.card.licence,
            )  # fmt: skip
    return done


def set_name(encoder: PatchEncoder, spec: PatchSpec) -> str:
    """The folder of a set of embeddings: one per encoder and resolution."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(encoder.card.name).name or encoder.card.name).strip("-.")
    return f"{stem}-{spec.patch_mpp:g}mpp-{spec.patch_px}px"


def fingerprint(path: Path) -> str:
    """A hash of a slide's size and of its first and last 64 kB: cheap, and different for any two real slides."""
    size = path.stat().st_size
    hasher = hashlib.sha256(str(size).encode())
    with path.open("rb") as f:
        hasher.update(f.read(65536))
        f.seek(max(0, size - 65536))
        hasher.update(f.read(65536))
    return hasher.hexdigest()[:16]


def _embed_slide(
    slide: Slide, encoder: PatchEncoder, spec: PatchSpec, tissue: TissueConfig, config: dict[str, Any], folder: Path,
    redo: bool, done: Embedding,
) -> tuple[Outcome, str]:  # fmt: skip
    assert slide.path is not None
    path = embedding_path(folder, slide.slide_id)
    try:
        with SlideReader(slide.path, given_mpp=slide.mpp) as reader:
            provenance = {
                **config, "slide_fingerprint": fingerprint(slide.path), "slide_mpp": reader.mpp,
                "slide_mpp_source": reader.resolution.source,
                "reader": f"{reader.source.family}/{reader.source.decoder}",
            }  # fmt: skip
            if not redo and (old := read_provenance(path)) is not None:
                count = old.pop("patches")
                if old == provenance:
                    done.slides_done_before += 1
                    done.patches += count
                    return (Outcome.OK, "") if count else (Outcome.EMPTY, "no tissue found")
            grid = plan_patches(reader, spec, tissue)
            batches = [
                encoder.encode(torch.from_numpy(patches)).numpy().astype(np.float16)
                for patches in read_patches(reader, grid, batch=BATCH)
            ]
    except (PathAlignError, OSError) as error:
        if slide.path.is_file():  # else the archive may only be unmounted: what was made of the slide stays true
            _reopen(folder, path)
        failed = isinstance(error, UnreadableSlide | OSError)
        return (Outcome.FAILED if failed else Outcome.REFUSED), str(error)
    _reopen(folder, path)
    embeddings = np.concatenate([np.zeros((0, encoder.card.embedding_dim), np.float16), *batches])
    if not np.isfinite(embeddings).all():
        return Outcome.FAILED, "the encoder gave numbers that are not finite in half precision; check its weights"
    write_bag(
        path, slide_id=slide.slide_id, embeddings=embeddings, grid=grid, provenance={**provenance, "patches": len(grid)}
    )
    done.patches += len(grid)
    return (Outcome.OK, "") if len(grid) else (Outcome.EMPTY, "no tissue found")


def _reopen(folder: Path, path: Path) -> None:
    """Drop what is no longer true of a slide; without its manifest the set counts as incomplete until the end."""
    if path.is_file():
        (folder / MANIFEST).unlink(missing_ok=True)
        path.unlink()


def _check_same_set(folder: Path, config: dict[str, Any]) -> None:
    for path in sorted(folder.glob("*.h5")):
        old = read_provenance(path)
        if old is None:
            continue
        different = [key for key in config if old.get(key) != config[key]]
        if different:
            raise StaleArtifact(
                f"embeddings/{folder.name} was made with another {' and '.join(different)}. Embed all slides again "
                "with `--redo`, or keep both: another resolution or encoder gets a folder of its own."
            )
        return
