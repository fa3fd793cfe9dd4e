"""Patches on which int8 finds its scales: chosen once for a set of embeddings and kept beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from pathalign.domain.geometry import PatchSpec
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.slides.slide_reading import Pixels, ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.workers.pool import ReadingPool
from pathalign.store.artifact import written_aside
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace

SLIDES, PATCHES_OF_EACH = 16, 4
FILE = "calibration.npy"


def calibration_patches(
    workspace: Workspace, folder: Path, *, spec: PatchSpec, tissue: TissueConfig | None = None,
    reading: ReadingConfig | None = None, may_read: bool = True,
) -> UInt8[Tensor, "patch patch_px patch_px 3"]:  # fmt: skip
    """Those kept in `folder`, that of the set; where there are none, some of slides spread over the catalog, and kept.

    So slides that are added later do not move the scales. A job of an array may not read (`may_read`): each would
    choose its own. Raises `NeedsRepair` then, and `MissingArtifact` when no slide gives a patch.
    """
    path = folder / FILE
    if not path.is_file():
        if not may_read:
            raise NeedsRepair(
                "The set has no patches to calibrate int8 on yet, and a shard may not choose them. Embed without "
                "`--shard` first, if only for a minute, or use `--runtime onnxruntime`, which needs none."
            )
        patches = _read(workspace, spec, tissue or TissueConfig(), reading or ReadingConfig())
        folder.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as part, part.open("wb") as f:
            np.save(f, patches, allow_pickle=False)
    return torch.from_numpy(np.load(path, allow_pickle=False))


def _read(
    workspace: Workspace, spec: PatchSpec, tissue: TissueConfig, reading: ReadingConfig
) -> UInt8[np.ndarray, "patch patch_px patch_px 3"]:
    with Catalog(workspace.catalog_path, read_only=True) as catalog:
        slides = [slide for slide in catalog.slides() if slide.path is not None]
    chosen = [slides[place] for place in sorted({i * len(slides) // SLIDES for i in range(SLIDES)})] if slides else []
    few = replace(spec, max_patches=PATCHES_OF_EACH)
    requests = [
        ReadRequest(
            slide_id=slide.slide_id, path=slide.path, given_mpp=slide.mpp, spec=few, tissue=tissue,
            batch=reading.batch, max_broken=reading.max_broken,
        )
        for slide in chosen if slide.path is not None
    ]  # fmt: skip
    found: dict[str, list[np.ndarray]] = {}
    with ReadingPool(reading, patch_px=spec.patch_px) as pool:
        for request, event in pool.read(requests):
            if isinstance(event, Pixels):  # a slide that cannot be read tells so when it is embedded
                found.setdefault(request.slide_id, []).append(event.rgb.copy())
    if not found:
        raise MissingArtifact(
            "int8 needs patches of tissue to calibrate on, and the slides gave none. `pathalign status --problems` "
            "says why, once `pathalign embed --precision float32` has run."
        )
    return np.concatenate([part for _, parts in sorted(found.items()) for part in parts])
