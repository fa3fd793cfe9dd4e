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

from pathalign.encoders.acceleration.choice import choose, installed_runtimes
from pathalign.encoders.acceleration.processor import this_processor
from pathalign.errors import MissingExtra, ReadingProcessError
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.slides.sources.openslide_source import library_version
from pathalign.slides.workers.cores import usable_cores
from pathalign.slides.workers.pool import ReadingPool
from pathalign.store.artifact import software

LEAST_FREE_GB = 5.0
_EXTRAS = (
    ("openvino", "openvino", "encoders faster on a CPU"),
    ("onnxruntime", "onnx", "encoders in ONNX files, int8 on CPUs without units for it"),
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
        _cores(),
        *_encoding(),
        _gpu(),
        _reading_process(),
        *(_extra(module, extra, purpose) for module, extra, purpose in _EXTRAS),
        _disk(folder),
    ]


def _cores() -> Finding:
    threads, usable = torch.get_num_threads(), usable_cores()
    found = f"{os.cpu_count()} cores, {usable} of them for this process, torch uses {threads} threads"
    repair = f"OMP_NUM_THREADS={usable} pathalign embed" if threads > usable else ""
    return Finding(what="CPU", found=found, ok=True, repair=repair)


def _encoding() -> list[Finding]:
    """How an encoder would run here without a GPU. What the CPU has is measured, not only looked up."""
    processor, installed = this_processor(), installed_runtimes()
    route = choose(processor, installed)
    measured = f"{processor.bfloat16_speed:.2f} times the speed of float32"
    verdict = "worth using" if processor.has_bfloat16 else "not used"
    missing = "" if "openvino" in installed else "pip install 'pathalign[openvino]' is faster"
    try:
        chosen = choose(processor, installed, precision="int8")
        int8, repair = f"`--precision int8` would take {chosen.runtime}: {chosen.why}", ""
    except MissingExtra as error:
        int8, repair = "no runtime for it is installed", str(error)
    return [
        Finding(what="bfloat16 on this CPU", found=f"{measured}: {verdict} ({processor})", ok=True),
        Finding(
            what="Encoders on this CPU", ok=True, repair=missing,
            found=f"{route.runtime} in {route.precision}: {route.why}",
        ),
        Finding(what="int8 on this CPU", found=int8, ok=True, repair=repair),
    ]  # fmt: skip


def _gpu() -> Finding:
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        name = torch.cuda.get_device_name(0)
        found = f"{count}, the first is {name}; `embed` and a training use one, all else runs on the CPU"
        more = f"torchrun --standalone --nproc-per-node {count} -m pathalign train ... trains on all"
        shares = "; `train generation --llm NAME --shard-llm` gives each a share of a large language model"
        return Finding(what="GPU", found=found, ok=True, repair=more + shares if count > 1 else "")
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
