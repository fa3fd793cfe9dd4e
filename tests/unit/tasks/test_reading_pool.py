"""Processes that read: same events as without them, and one that dies or hangs costs one slide."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import ReadingProcessError
from pathalign.slides.slide_reading import (
    Ended,
    Event,
    Finished,
    Pixels,
    Planned,
    ReadingConfig,
    ReadRequest,
    Unchanged,
    identify,
)
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.workers.pool import ReadingPool
from pathalign.slides.workers.ring import SLOTS

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SPEC = PatchSpec(patch_px=48)  # about a hundred patches in a field of 480 um


def request(path: Path, *, batch: int = 8, max_broken: float = 0.01, spec: PatchSpec = SPEC) -> ReadRequest:
    """One slide, asked for in small patches."""
    return ReadRequest(
        slide_id=path.stem, path=path, given_mpp=None, spec=spec, tissue=TissueConfig(), batch=batch,
        max_broken=max_broken,
    )  # fmt: skip


def slides_of(folder: Path, *names: str) -> list[ReadRequest]:
    """Requests of drawn slides."""
    return [request(folder / f"{name}.tif") for name in names]


def reading(workers: int, *, timeout_s: float = 60.0, batch: int = 8) -> ReadingConfig:
    """So many workers."""
    return ReadingConfig(workers=workers, batch=batch, timeout_s=timeout_s)


def read_all(
    requests: list[ReadRequest],
    config: ReadingConfig,
    on_event: Callable[[ReadingPool, str, Event], None] | None = None,
) -> dict[str, list[Event]]:
    """The events of each slide, pixels copied; `on_event` sees each as it comes."""
    events: dict[str, list[Event]] = {}
    with ReadingPool(config, patch_px=SPEC.patch_px) as pool:
        for asked, event in pool.read(requests):
            kept = Pixels(rgb=event.rgb.copy()) if isinstance(event, Pixels) else event
            events.setdefault(asked.slide_id, []).append(kept)
            if on_event:
                on_event(pool, asked.slide_id, event)
    return events


def pixels(events: list[Event]) -> np.ndarray:
    """All patches of a slide."""
    return np.concatenate([event.rgb for event in events if isinstance(event, Pixels)])


def the_end(events: list[Event]) -> Event:
    """The last event of a slide."""
    return events[-1]


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_read_what_one_process_reads(drawn_slides: Path, workers: int) -> None:
    """The same grids, batches and ends, whatever the number of processes and their order of completion."""
    requests = slides_of(drawn_slides, "one", "glass", "two", "words", "untagged", "three")

    expected, found = read_all(requests, reading(0)), read_all(requests, reading(workers))

    assert found.keys() == expected.keys()
    for slide_id, events in expected.items():
        assert [type(event) for event in found[slide_id]] == [type(event) for event in events]
        for event, twin in zip(events, found[slide_id], strict=True):
            match event:
                case Pixels():
                    np.testing.assert_array_equal(twin.rgb, event.rgb)
                case Planned():
                    np.testing.assert_array_equal(twin.grid.xy_px0, event.grid.xy_px0)
                    assert (twin.identity, twin.facts) == (event.identity, event.facts)
                case Finished():
                    np.testing.assert_array_equal(twin.is_whole, event.is_whole)
                case Ended():
                    assert twin == event
    assert len(pixels(found["one"])) > SLOTS * 8, "more patches than the ring holds at once"
    assert isinstance(the_end(found["words"]), Ended)


def test_what_is_unchanged_is_not_read(drawn_slides: Path) -> None:
    """A slide whose identity is the one at hand gives no pixels; another one does."""
    asked = request(drawn_slides / "one.tif")
    known = ReadRequest(**{**_fields(asked), "made_from": identify(asked)})
    other = ReadRequest(**{**_fields(asked), "made_from": {**identify(asked), "given_mpp": 0.5}})

    assert read_all([known], reading(0)) == {"one": [Unchanged()]}
    assert isinstance(the_end(read_all([other], reading(0))["one"]), Finished)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=lambda number: number.name)
def test_a_worker_that_dies_costs_one_slide(drawn_slides: Path, number: signal.Signals) -> None:
    """The slide that it read has failed, with the signal; the others come out as they are, from another process."""
    requests = slides_of(drawn_slides, "one", "two", "three")
    pids: list[int] = []

    def kill_two(pool: ReadingPool, slide_id: str, event: Event) -> None:
        pids.extend(pool.reading().values())
        if slide_id == "two" and isinstance(event, Planned):
            os.kill(pool.reading()["two"], number)  # waits for a slot, for it is more than the ring holds

    found = read_all(requests, reading(1), kill_two)

    expected = read_all(requests, reading(0))
    end = the_end(found["two"])
    assert isinstance(end, Ended)
    assert end.outcome == Outcome.FAILED
    assert f"died with signal {number.value} " in end.reason
    assert "two.tif" in end.reason
    for other in ("one", "three"):
        np.testing.assert_array_equal(pixels(found[other]), pixels(expected[other]))
    assert len(set(pids)) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_a_worker_that_hangs_costs_one_slide(drawn_slides: Path) -> None:
    """One that says nothing for the limit is stopped and replaced; its slide is timed out."""
    requests = slides_of(drawn_slides, "one", "two", "three")

    def stop_two(pool: ReadingPool, slide_id: str, event: Event) -> None:
        if slide_id == "two" and isinstance(event, Planned):
            os.kill(pool.reading()["two"], signal.SIGSTOP)

    found = read_all(requests, reading(1, timeout_s=2.0), stop_two)

    end = the_end(found["two"])
    assert isinstance(end, Ended)
    assert end.outcome == Outcome.TIMED_OUT
    assert end.reason.startswith("no progress for 2 s while two.tif was read")
    assert isinstance(the_end(found["three"]), Finished)


def test_a_slow_encoder_is_no_hanging_worker(drawn_slides: Path) -> None:
    """A worker that waits for room in the ring is not silent, however long the encoder takes."""
    naps = iter([0.8] * 3)

    def nap(pool: ReadingPool, slide_id: str, event: Event) -> None:
        if isinstance(event, Pixels):
            time.sleep(next(naps, 0.0))

    found = read_all(slides_of(drawn_slides, "one"), reading(1, timeout_s=1.0), nap)

    assert isinstance(the_end(found["one"]), Finished)


def test_a_slide_that_eats_memory_fails_alone(drawn_slides: Path, tmp_path: Path) -> None:
    """What asks for more memory than a process may have fails in its process; the next slide is read."""
    huge = tmp_path / "huge.tif"
    blank = np.zeros((256, 256, 3), np.uint8)
    tiles = (blank for _ in range(36 * 36))
    tifffile.imwrite(
        huge, tiles, shape=(9216, 9216, 3), dtype=np.uint8, tile=(256, 256), photometric="rgb", compression="zlib",
        resolution=(10000, 10000), resolutionunit="CENTIMETER",
    )  # fmt: skip
    asked = ReadRequest(**{**_fields(request(huge)), "tissue": TissueConfig(mpp=1.0)})

    config = ReadingConfig(workers=1, batch=8, memory_gib=0.5)
    found = read_all([asked, request(drawn_slides / "one.tif")], config)

    end = the_end(found["huge"])
    assert isinstance(end, Ended)
    assert end.outcome == Outcome.FAILED
    assert "memory" in end.reason
    assert isinstance(the_end(found["one"]), Finished)


def test_processes_that_cannot_start_are_no_slide_s_fault(drawn_slides: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no process comes up, the run stops with the reason instead of failing every slide."""
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(ReadingProcessError, match=r"ended with exit code 1 .*before it could read"):
        read_all(slides_of(drawn_slides, "one"), reading(2))


def test_an_interrupted_reader_leaves_no_process(drawn_slides: Path) -> None:
    """Ctrl-C while several slides are read puts all processes away."""
    pids: set[int] = set()

    def interrupt(pool: ReadingPool, slide_id: str, event: Event) -> None:
        pids.update(pool.reading().values())
        if len(pids) == 2:
            raise KeyboardInterrupt

    enough = [ReadRequest(**{**_fields(request(drawn_slides / "one.tif")), "slide_id": str(n)}) for n in range(60)]
    with pytest.raises(KeyboardInterrupt):
        read_all(enough, reading(2), interrupt)

    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


ORPHANS = """
import os, sys
from pathlib import Path
from pathalign.domain.geometry import PatchSpec
from pathalign.slides.slide_reading import ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.workers.pool import ReadingPool

config = ReadingConfig(workers=2, batch=4)
requests = [
    ReadRequest(slide_id=str(n), path=Path(sys.argv[1]) / "one.tif", given_mpp=None, spec=PatchSpec(patch_px=48),
                tissue=TissueConfig(), batch=4, max_broken=0.01)
    for n in range(60)
]
with ReadingPool(config, patch_px=48) as pool:
    for _ in pool.read(requests):
        if len(pool.reading()) == 2:
            print(*pool.reading().values(), flush=True)
            os.kill(os.getpid(), 9)
"""


def test_workers_do_not_outlive_their_owner(drawn_slides: Path) -> None:
    """When the process that encodes is killed, those that read are gone within a moment, and their memory with them."""
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS, str(drawn_slides)], capture_output=True, text=True, check=False
    )
    pids = [int(pid) for pid in done.stdout.split()]

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while any(_is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_is_running(pid) for pid in pids)


def test_workers_are_light(drawn_slides: Path) -> None:
    """A reading process loads no torch, and its codecs and array libraries have one thread."""
    seen: dict[str, str] = {}

    def look(pool: ReadingPool, slide_id: str, event: Event) -> None:
        if isinstance(event, Planned):
            pid = pool.reading()[slide_id]
            seen["maps"] = Path(f"/proc/{pid}/maps").read_text()
            seen["status"] = Path(f"/proc/{pid}/status").read_text()

    read_all(slides_of(drawn_slides, "one"), reading(1), look)

    assert "libtorch" not in seen["maps"]
    assert "libopenslide" in seen["maps"] or "libcv2" in seen["maps"] or "cv2" in seen["maps"]
    threads = int(next(line.split()[1] for line in seen["status"].splitlines() if line.startswith("Threads:")))
    assert threads == 1


@pytest.mark.parametrize("workers", [0, 1])
def test_broken_patches_are_left_out(drawn_slides: Path, tmp_path: Path, workers: int) -> None:
    """Patches on a broken tile are left out and named; all others have the pixels they had."""
    path = tmp_path / "torn.tif"
    path.write_bytes((drawn_slides / "one.tif").read_bytes())
    whole = read_all([request(path)], reading(0))["torn"]
    _tear_one_tile(path)

    torn = read_all([request(path, max_broken=0.5)], reading(workers))["torn"]

    end = the_end(torn)
    assert isinstance(end, Finished)
    assert 0 < (~end.is_whole).sum() < len(end.is_whole) / 2
    np.testing.assert_array_equal(pixels(torn), pixels(whole)[end.is_whole])


def test_more_broken_patches_than_allowed_fail_the_slide(drawn_slides: Path, tmp_path: Path) -> None:
    """Above the limit the slide has failed, with the first words of the reader and the option in its reason."""
    path = tmp_path / "torn.tif"
    path.write_bytes((drawn_slides / "one.tif").read_bytes())
    _tear_one_tile(path)

    end = the_end(read_all([request(path)], reading(0))["torn"])

    assert isinstance(end, Ended)
    assert end.outcome == Outcome.FAILED
    assert "torn.tif breaks" in end.reason
    assert "at most 1.0% may be (`--max-broken`)" in end.reason


def _fields(asked: ReadRequest) -> dict[str, object]:
    return {name: getattr(asked, name) for name in ReadRequest.__dataclass_fields__}


def _is_running(pid: int) -> bool:
    """Whether a process that is no child of ours runs; a zombie that waits for init does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _tear_one_tile(path: Path) -> None:
    """Overwrite the first tile of level 0."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        start, size = page.dataoffsets[0], page.databytecounts[0]
    with path.open("r+b") as f:
        f.seek(start)
        f.write(b"\0" * size)
