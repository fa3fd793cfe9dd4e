"""What each stage costs on this machine, beside a peer or a limit measured in the same run.

    python benchmarks/stages.py

Prints a table and writes benchmarks/out/stages.json. Ratios are what to compare; absolute figures are this machine's.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import torch
from transformers import Blip2QFormerConfig, Blip2QFormerModel

from pathalign.domain.geometry import Bag, PatchSpec
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig, normalise
from pathalign.model.bags import collate
from pathalign.model.qformer import QFormer, QFormerConfig
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.testing.slides import draw_field, write_pyramid
from pathalign.train.pathssl.recipe import tiny

OUT = Path(__file__).parent / "out" / "stages.json"
ROUNDS = 5


def main() -> None:
    torch.manual_seed(0)
    rows = [*reading(), *encoding(), *attending()]
    print(f"{'stage':44} {'items/s':>9} {'ratio':>7}  beside")
    for row in rows:
        print(f"{row['stage']:44} {row['per_second']:9.1f} {row['ratio']:7.2f}  {row['beside']}")
    OUT.parent.mkdir(exist_ok=True)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, {torch.get_num_threads()} threads"
    )
    OUT.write_text(json.dumps({"name": "stages", "machine": machine, "rows": rows, "goals": []}, indent=2))


def reading() -> list[dict]:
    """Patches read by us, beside bare OpenSlide reading the same rectangles."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slide.tif"
        write_pyramid(path, draw_field("colon_benign", side_um=1800, mpp=0.5, seed=0), mpp=0.5)
        with SlideReader(path) as slide:
            grid = plan_patches(slide, PatchSpec(), TissueConfig())
            seconds = best(lambda: sum(len(batch) for batch in read_patches(slide, grid, batch=32)))
        bare = openslide.OpenSlide(str(path))
        side = int(grid.side_px0)
        level = bare.get_best_level_for_downsample(side / 224)

        def read_bare() -> None:
            for x, y in grid.xy_px0.tolist():
                np.asarray(bare.read_region((x, y), level, (224, 224)))

        alone = best(read_bare)
        bare.close()
    return [row("read patches (0.5 -> 1.0 mpp)", len(grid) / seconds, alone / seconds, "bare OpenSlide, same level")]


def encoding() -> list[dict]:
    """The default encoder beside a ViT-S/16 of the same input."""
    patches = torch.randint(0, 255, (16, 224, 224, 3), dtype=torch.uint8)
    own = WorkspaceViT(tiny().vit).eval()
    small = WorkspaceViT(WorkspaceViTConfig(dim=384, depth=12, heads=6)).eval()
    with torch.inference_mode():
        ours, theirs = best(lambda: own.embed(normalise(patches))), best(lambda: small.embed(normalise(patches)))
    return [row("encode patches (default encoder)", 16 / ours, theirs / ours, "ViT-S/16, fp32")]


def attending() -> list[dict]:
    """Slides of 2,048 patches through the paper's Q-Former, beside transformers' of the same size."""
    config = QFormerConfig(embedding_dim=384, positions=False)
    own = QFormer(config).eval()
    theirs = Blip2QFormerModel(Blip2QFormerConfig(encoder_hidden_size=768, vocab_size=100)).eval()
    random = np.random.default_rng(0)
    bag = Bag(
        slide_id="", embeddings=random.standard_normal((2048, 384), dtype=np.float32),
        xy_px0=np.zeros((2048, 2), np.int32), slide_mpp=0.5, side_px0=448.0,
    )  # fmt: skip
    batch = collate([bag])
    patches, queries = torch.randn(1, 2048, 768), own.query_tokens.detach()
    with torch.inference_mode():
        ours = best(lambda: own.queries(batch))
        peer = best(lambda: theirs(query_embeds=queries, encoder_hidden_states=patches))
    return [row("slide of 2,048 patches to 32 queries (base)", 1 / ours, peer / ours, "transformers Blip2QFormerModel")]


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some rounds, after one that warms up."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def row(stage: str, per_second: float, ratio: float, beside: str) -> dict:
    return {"stage": stage, "per_second": round(per_second, 2), "ratio": round(ratio, 3), "beside": beside}


if __name__ == "__main__":
    main()
