"""One reader in a process of its own: `reading.py` starts it with the interpreter that has the reader.

    python benchmarks/reading_worker.py '{"reader": "openslide", "slide": "slide.tif", "scale": 1, ...}'

Prints one JSON document. Every reader gets the same corners in the order (y, x) and fills the same uint8 batches
[32, 224, 224, 3]; opening it and the first batch are timed apart from the rest. Nothing of PathAlign is imported but
for its own row, so that any environment can run it. Peers that have no area filter of their own get OpenCV's.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from peak_memory import peak_mb

PX, BATCH, TILE = 224, 32, 256
MPP = 0.5
Read = Callable[[int, int, int], Any]
"""x, y and side in level-0 pixels -> uint8 RGB [side, side, 3], or already [PX, PX, 3]."""


def main() -> None:
    job = json.loads(sys.argv[1])
    batches = READERS[job["reader"]]
    corners = np.array(job["corners"], np.int32)
    side = PX * job["scale"]
    list(batches(job["slide"], corners[:1], side))  # imports and first use are not timed
    time.sleep(max(0.0, job.get("start_at", 0) - time.time()))
    ideal = [decode_all(job)]
    stream = batches(job["slide"], corners, side)
    opening = time.process_time()
    next(stream)
    opening, began, cpu = time.process_time() - opening, time.time(), time.process_time()
    count = sum(len(batch) for batch in stream)
    cpu, ended = time.process_time() - cpu, time.time()
    ideal.append(decode_all(job))
    peak = peak_mb()
    digest, sample = hashlib.sha256(), []
    for batch in batches(job["slide"], corners[:: max(1, len(corners) // 64)], side) if job.get("sample") else ():
        digest.update(batch.tobytes())
        sample.append(batch)
    if sample:
        np.save(job["sample"], np.concatenate(sample))
    print(json.dumps({
        "patches": count, "cpu_s": cpu, "began": began, "ended": ended, "peak_mb": peak,
        "opening_s": opening, "ideal_s": sum(ideal) / 2,
        "sha256": digest.hexdigest() if sample else None, "version": version(job["reader"]),
    }))  # fmt: skip


def decode_all(job: dict) -> float:
    """CPU time to decode every tile of the slide once, from memory; 0 where the job names no tiles."""
    if "tiles" not in job:
        return 0.0
    import simplejpeg

    data = Path(job["slide"]).read_bytes()
    tiles = [data[at : at + count] for at, count in job["tiles"]]
    memory = np.empty(256 * 256 * 3 + 32, np.uint8)
    start = (16 - memory.ctypes.data) % 32  # rows beside multiples of 32 bytes, as our reader has them: faster
    out = memory[start : start + 256 * 256 * 3].reshape(256, 256, 3)
    begin = time.process_time()
    for tile in tiles:
        simplejpeg.decode_jpeg(tile, "RGB", buffer=out)
    return time.process_time() - begin


def version(reader: str) -> str:
    package = {
        "ours": "pathalign", "ours, DCT-scaled": "pathalign", "openslide": "openslide-bin", "cucim": "cucim-cu12",
        "lazyslide": "wsidata", "decode and copy (limit)": "simplejpeg",
    }.get(reader, reader)  # fmt: skip
    return importlib.metadata.version(package)


def batched(read: Read, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    """Patches of a reader that gives them one by one."""
    import cv2

    cv2.setNumThreads(1)
    for start in range(0, len(corners), BATCH):
        part = corners[start : start + BATCH].tolist()
        out = np.empty((len(part), PX, PX, 3), np.uint8)
        for patch, (x, y) in zip(out, part, strict=True):
            pixels = read(x, y, side)
            if len(pixels) == PX:
                patch[:] = pixels
            else:
                cv2.resize(np.ascontiguousarray(pixels), (PX, PX), dst=patch, interpolation=cv2.INTER_AREA)
        yield out


def ours(slide: str, corners: np.ndarray, side: int, scaled_decode: bool = False) -> Iterator[np.ndarray]:
    from pathalign.domain.geometry import PatchGrid, PatchSpec
    from pathalign.slides.patch_reading import read_patches
    from pathalign.slides.slide_reader import SlideReader

    mpp = MPP * side / PX
    grid = PatchGrid(
        spec=PatchSpec(patch_px=PX, patch_mpp=mpp), slide_mpp=MPP, effective_mpp=mpp, xy_px0=corners,
        tissue_share=np.ones(len(corners), np.float32),
    )  # fmt: skip
    with SlideReader(Path(slide), scaled_decode=scaled_decode) as reader:
        yield from read_patches(reader, grid, batch=BATCH)


def ours_dct(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    yield from ours(slide, corners, side, scaled_decode=True)


def decode_and_copy(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    """No reader but a limit: every tile decoded once, its pixels copied to where they belong, nothing checked."""
    import simplejpeg

    from pathalign.slides.sources.tiff_directory import read_header
    from pathalign.slides.sources.tiff_layout import tiff_layout

    with Path(slide).open("rb") as file:
        level = tiff_layout(read_header(slide, file.fileno())).images[0]
        tiles, across = list(zip(level.byte_counts.tolist(), level.offsets.tolist(), strict=True)), level.columns
        rows: dict[int, list[np.ndarray]] = {}

        def row(k: int) -> list[np.ndarray]:
            if k not in rows:
                for old in [old for old in rows if old < k - 1 - side // TILE]:
                    del rows[old]
                rows[k] = [
                    simplejpeg.decode_jpeg(os.pread(file.fileno(), count, at), "RGB")
                    for count, at in tiles[k * across : (k + 1) * across]
                ]
            return rows[k]

        def read(x: int, y: int, side: int) -> np.ndarray:
            out = np.empty((side, side, 3), np.uint8)
            for j in range(y // TILE, (y + side - 1) // TILE + 1):
                for i in range(x // TILE, (x + side - 1) // TILE + 1):
                    left, top = max(x, i * TILE), max(y, j * TILE)
                    right, bottom = min(x + side, (i + 1) * TILE), min(y + side, (j + 1) * TILE)
                    out[top - y : bottom - y, left - x : right - x] = row(j)[i][
                        top - j * TILE : bottom - j * TILE, left - i * TILE : right - i * TILE
                    ]
            return out

        yield from batched(read, corners, side)


def openslide(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    import openslide

    with openslide.OpenSlide(slide) as reader:
        yield from batched(
            lambda x, y, side: np.asarray(reader.read_region((x, y), 0, (side, side)).convert("RGB")), corners, side
        )


def tiffslide(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    import tiffslide

    with tiffslide.TiffSlide(slide) as reader:
        yield from batched(lambda x, y, side: reader.read_region((x, y), 0, (side, side), as_array=True), corners, side)


def fastslide(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    import fastslide

    with fastslide.FastSlide.from_file_path(slide) as reader:
        yield from batched(
            lambda x, y, side: reader.read_region((x, y), 0, (side, side)).numpy()[..., :3], corners, side
        )


def pyvips(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    import pyvips

    image = pyvips.Image.new_from_file(slide)
    factor = side // PX
    region = pyvips.Region.new(image.shrink(factor, factor) if factor > 1 else image)

    def read(x: int, y: int, _: int) -> np.ndarray:
        return np.frombuffer(region.fetch(x // factor, y // factor, PX, PX), np.uint8).reshape(PX, PX, 3)

    yield from batched(read, corners, side)


def cucim(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    from cucim import CuImage

    image = CuImage(slide)
    yield from batched(lambda x, y, side: np.asarray(image.read_region((x, y), (side, side), 0)), corners, side)
    image.close()


def hs2p(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    from hs2p.wsi.wsi import WSI

    wsi = WSI(path=Path(slide), backend="auto")

    def read(x: int, y: int, side: int) -> np.ndarray:
        return wsi.read_region_at_spacing(
            location=(x, y), requested_spacing_um=MPP * side / PX, size=(PX, PX), tolerance=0.05, interpolation="area"
        )

    yield from batched(read, corners, side)


def trident(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    from trident import load_wsi

    wsi = load_wsi(slide, lazy_init=False)
    yield from batched(
        lambda x, y, side: wsi.read_region((x, y), level=0, size=(side, side), read_as="numpy"), corners, side
    )


def lazyslide(slide: str, corners: np.ndarray, side: int) -> Iterator[np.ndarray]:
    from wsidata import open_wsi

    wsi = open_wsi(slide)
    yield from batched(lambda x, y, side: wsi.read_region(x, y, side, side, level=0), corners, side)


READERS: dict[str, Callable[[str, np.ndarray, int], Iterator[np.ndarray]]] = {
    "ours": ours, "ours, DCT-scaled": ours_dct, "decode and copy (limit)": decode_and_copy, "openslide": openslide,
    "tiffslide": tiffslide, "fastslide": fastslide, "pyvips": pyvips, "hs2p": hs2p, "cucim": cucim, "trident": trident,
    "lazyslide": lazyslide,
}  # fmt: skip

if __name__ == "__main__":
    main()
