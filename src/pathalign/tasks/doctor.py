"""`doctor`: what is installed and usable on this machine, and what to do about what is not."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from pathalign.errors import ReadingProcessError
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.slides.sources.openslide_source import library_version
from pathalign.slides.workers.pool import ReadingPool
from pathalign.store.artifact import software

LEAST_FREE_GB = 5.0
_EXTRAS = (
    ("pyarrow", "parquet", "Parquet tables"),
    ("imagecodecs", "jpeg2000", "JPEG 2000 without OpenSlide"),
    ("wsidicom", "dicom", "DICOM that OpenSlide does not read, DICOMweb"),
    ("fastslide", "fastslide", "iSyntax, VSI, CZI"),
    ("zarr", "lazyslide", "embeddings of LazySlide"),
    ("ray", "ray", "embed over a cluster"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    found: str
    ok: bool
    repair: str = ""


def examine(folder: Path) -> list[Finding]:
    """Look at the machine; `folder` is where workspaces are to lie."""
    return [
        Finding(what="Python", found=f"{platform.python_version()} on {platform.machine()}", ok=True),
        *(Finding(what=name, found=version, ok=True) for name, version in software().items() if name != "python"),
        Finding(what="OpenSlide library", found=library_version(), ok=True),
        Finding(what="CPU", found=f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads", ok=True),
        _bfloat16(),
        _gpu(),
        _reading_process(),
        *(_extra(module, extra, purpose) for module, extra, purpose in _EXTRAS),
        _disk(folder),
    ]


def _bfloat16() -> Finding:
    """Measured, not looked up: without units for it, a bfloat16 product can be a hundred times slower than float32."""
    ratio = _product_seconds(torch.float32) / _product_seconds(torch.bfloat16)
    advice = "worth using" if ratio > 1.2 else "float32 stays the default"
    return Finding(what="bfloat16 on this CPU", found=f"{ratio:.2f} times the speed of float32: {advice}", ok=True)


def _product_seconds(dtype: torch.dtype) -> float:
    a = torch.ones(384, 384, dtype=dtype)
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _gpu() -> Finding:
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        found = f"{count}, the first is {torch.cuda.get_device_name(0)}; `embed` uses one, all else runs on the CPU"
        return Finding(what="GPU", found=found, ok=True)
    return Finding(what="GPU", found="none; the CPU is used", ok=True)


def _reading_process() -> Finding:
    """`embed` reads slides in processes of their own; here one is started and put away."""
    start = time.perf_counter()
    try:
        with ReadingPool(ReadingConfig(workers=1), patch_px=16) as pool:
            pool.start_one()
    except (ReadingProcessError, OSError) as error:
        return Finding(what="Reading processes", found=str(error), ok=False, repair="pathalign embed --workers 0")
    return Finding(what="Reading processes", found=f"start in {time.perf_counter() - start:.1f} s", ok=True)


def _extra(module: str, extra: str, purpose: str) -> Finding:
    if importlib.util.find_spec(module):
        return Finding(what=f"extra `{extra}`", found=f"installed ({purpose})", ok=True)
    return Finding(
        what=f"extra `{extra}`", found=f"not installed ({purpose})", ok=True, repair=f"pip install 'pathalign[{extra}]'"
    )


def _disk(folder: Path) -> Finding:
    free_gb = shutil.disk_usage(folder).free / 1e9
    repair = "" if free_gb >= LEAST_FREE_GB else "Free some space, or put the workspace on another disk."
    return Finding(what="Free disk space", found=f"{free_gb:.0f} GB", ok=free_gb >= LEAST_FREE_GB, repair=repair)
