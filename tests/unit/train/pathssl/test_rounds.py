"""The patches of a pre-training: which ones a step sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pathalign.domain.records import Outcome, Slide, Split
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.slides.slide_reading import Ended, Event, Pixels, ReadingConfig, ReadRequest
from pathalign.slides.workers.pool import ReadingPool
from pathalign.testing.slides import draw_field, write_pyramid
from pathalign.train.pathssl.patch_folder import PatchFolder
from pathalign.train.pathssl.rounds import Lane, PatchSupply, RoundReader, Rounds, sampled
from pathalign.train.pathssl.slide_patches import SlidePatches

pytestmark = pytest.mark.unit


class Numbers:
    """Patch n is grey level n; a round has `size` of them, dealt in turn."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[int] = []

    def read(self, number: int, *, lanes: range, of: int) -> dict[int, Lane]:
        """A round of numbers that follow those of the round before."""
        self.asked.append(number)
        values = np.arange(number * self.size, (number + 1) * self.size, dtype=np.uint8)
        return {lane: Lane([np.full((1, 2, 2, 3), v, np.uint8) for v in values[lane::of]]) for lane in lanes}


def grey(patches: torch.Tensor) -> list[int]:
    """The numbers of patches."""
    return patches[:, 0, 0, 0].tolist()


def test_a_round_is_seen_whole_before_it_is_seen_again() -> None:
    """16 patches in batches of 8: two steps see each once, and the next round brings others."""
    supply = PatchSupply(steps_per_round=4, lanes=4)
    with Rounds(Numbers(16), supply, batch=8, steps=8, seed=0) as rounds:
        steps = [grey(rounds.at(step)) for step in range(8)]

    for first in (0, 2):
        assert sorted(steps[first] + steps[first + 1]) == list(range(16))
    assert sorted(steps[4] + steps[5]) == list(range(16, 32))
    assert steps[0] != sorted(steps[0])


def test_a_step_is_the_same_wherever_a_run_goes_on() -> None:
    """Any step can be asked for first, and another seed gives another order."""
    supply = PatchSupply(steps_per_round=3, lanes=2)
    with Rounds(Numbers(10), supply, batch=4, steps=9, seed=1) as rounds:
        whole = [grey(rounds.at(step)) for step in range(9)]

    with Rounds(Numbers(10), supply, batch=4, steps=9, seed=1) as rounds:
        assert [grey(rounds.at(step)) for step in range(5, 9)] == whole[5:]
    with Rounds(Numbers(10), supply, batch=4, steps=9, seed=2) as rounds:
        assert [grey(rounds.at(step)) for step in range(9)] != whole


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_the_batch_does_not_depend_on_the_number_of_ranks(ranks: int) -> None:
    """The shares of all ranks in their order are the batch of one."""
    supply = PatchSupply(steps_per_round=2, lanes=4)
    with Rounds(Numbers(32), supply, batch=8, steps=2, seed=3) as rounds:
        expected = grey(rounds.at(1))

    shares: list[int] = []
    for rank in range(ranks):
        with Rounds(Numbers(32), supply, batch=8, steps=2, seed=3) as rounds:
            shares += grey(rounds.at(1, rank=rank, ranks=ranks))

    assert shares == expected


def test_ranks_that_the_lanes_cannot_serve() -> None:
    """Three processes cannot share eight patches in equal parts."""
    with (
        Rounds(Numbers(8), PatchSupply(lanes=8), batch=8, steps=1, seed=0) as rounds,
        pytest.raises(NeedsRepair, match="3 processes cannot share a batch of 8"),
    ):
        rounds.at(0, rank=0, ranks=3)


def test_no_round_is_read_that_no_step_needs() -> None:
    """The next round is read ahead, but not behind the last step."""
    reader = Numbers(8)
    with Rounds(reader, PatchSupply(steps_per_round=2, lanes=1), batch=4, steps=4, seed=0) as rounds:
        for step in range(4):
            rounds.at(step)

    assert reader.asked == [0, 1]


def test_an_empty_lane_takes_from_the_others_and_an_empty_round_ends_it() -> None:
    """One patch fills all lanes, on any number of ranks; none is told with the way on."""
    for ranks in (1, 2, 4):
        for rank in range(ranks):
            with Rounds(Numbers(1), PatchSupply(lanes=4), batch=8, steps=1, seed=0) as rounds:
                assert grey(rounds.at(0, rank=rank, ranks=ranks)) == [0] * (8 // ranks)
    with (
        Rounds(Numbers(0), PatchSupply(lanes=4), batch=8, steps=1, seed=0) as rounds,
        pytest.raises(MissingArtifact, match="found no patch to learn from"),
    ):
        rounds.at(0)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> list[Slide]:
    """Two fields of tissue, a coarse one, and a file that is no slide."""
    folder = tmp_path_factory.mktemp("pretraining-slides")
    for seed, (name, mpp) in enumerate([("one", 0.5), ("two", 0.5), ("coarse", 1.0)]):
        write_pyramid(folder / f"{name}.tif", draw_field("colon_benign", side_um=300, mpp=mpp, seed=seed), mpp=mpp)
    (folder / "broken.tif").write_bytes(b"II*\0 and no more")
    names = ["one", "two", "coarse", "broken"]
    return [
        Slide(slide_id=name, path=folder / f"{name}.tif", patient_id=name, case_id=name, split=Split.TRAIN)
        for name in names
    ]


def test_slides_give_patches_at_each_resolution_that_they_have(slides: list[Slide]) -> None:
    """A broken slide is noted with its reason, a coarse one serves where it can, and a second reading is equal."""
    supply = PatchSupply(patch_px=64, mpps=(0.5, 1.0), round_patches=32, patches_per_visit=4, lanes=2)
    reader = SlidePatches(slides, supply, seed=0, reading=ReadingConfig())

    visits = reader.visits(0, lanes=2)
    lanes = reader.read(0, lanes=range(2), of=2)

    assert Counter((v.slide.slide_id, v.mpp) for v in visits) == {
        (s.slide_id, m): 1 for s in slides for m in (0.5, 1.0)
    }
    assert {name: outcome for name, (outcome, _) in reader.outcomes.items()} == {
        "one": Outcome.OK, "two": Outcome.OK, "coarse": Outcome.OK, "broken": Outcome.FAILED,
    }  # fmt: skip
    assert "broken.tif" in reader.outcomes["broken"][1]
    assert sum(len(lane) for lane in lanes.values()) == 5 * 4
    again = SlidePatches(slides, supply, seed=0, reading=ReadingConfig()).read(0, lanes=range(1, 2), of=2)
    assert len(again[1]) == len(lanes[1])
    for place in range(len(lanes[1])):
        np.testing.assert_array_equal(again[1].patch(place), lanes[1].patch(place))


@pytest.mark.parametrize("source", ["slides", "pictures"])
def test_two_ranks_read_the_batch_of_one(source: str, slides: list[Slide], tmp_path: Path) -> None:
    """Broken slides and small pictures leave lanes empty, and still the shares of two ranks are the batch of one."""
    supply = PatchSupply(patch_px=32, mpps=(0.5,), round_patches=8, patches_per_visit=2, steps_per_round=1, lanes=4)
    for number in range(8):
        side = 8 if number % 3 == 0 else 32
        Image.fromarray(np.full((side, side, 3), number, np.uint8)).save(tmp_path / f"{number}.png")

    def batch(ranks: int) -> torch.Tensor:
        shares = []
        for rank in range(ranks):
            reader: RoundReader = PatchFolder(tmp_path, supply, seed=0)
            if source == "slides":
                reader = SlidePatches(slides, supply, seed=0, reading=ReadingConfig())
            with Rounds(reader, supply, batch=8, steps=1, seed=0) as rounds:
                shares.append(rounds.at(0, rank=rank, ranks=ranks))
        return torch.cat(shares)

    one = batch(1)
    assert len(one.flatten(1).unique(dim=0)) > 2
    for ranks in (2, 4):
        assert batch(ranks).equal(one)


def test_the_next_epoch_takes_other_patches(slides: list[Slide]) -> None:
    """The same slide at the same resolution is cut elsewhere when it is visited again."""
    supply = PatchSupply(patch_px=64, mpps=(0.5,), round_patches=4, patches_per_visit=4, lanes=1)
    reader = SlidePatches(slides[:1], supply, seed=0, reading=ReadingConfig())

    first, second = (reader.read(number, lanes=range(1), of=1)[0] for number in (0, 1))

    assert not np.array_equal(np.stack(first.parts), np.stack(second.parts))


def test_a_slide_that_is_known_to_be_too_coarse_is_not_opened(slides: list[Slide]) -> None:
    """Without any slide for a resolution, the message names the repair."""
    known = Slide(slide_id="x", path=slides[0].path, patient_id="x", case_id="x", mpp=4.0, split=Split.TRAIN)

    with pytest.raises(MissingArtifact, match=r"no slide that can be read at 0\.5 or 1\.0 micrometres"):
        SlidePatches([known], PatchSupply(mpps=(0.5, 1.0)), seed=0, reading=ReadingConfig())


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    """Every picture once per epoch, from its middle; what is broken or small is noted."""
    (tmp_path / "in").mkdir()
    for level in range(5):
        pixels = np.zeros((20, 18, 3), np.uint8)
        pixels[2:-2, 1:-1] = level
        Image.fromarray(pixels).save(tmp_path / "in" / f"{level}.png")
    Image.new("RGB", (8, 30)).save(tmp_path / "small.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    (tmp_path / "notes.txt").write_text("no picture")
    folder = PatchFolder(tmp_path, PatchSupply(patch_px=16), seed=0)

    rounds = [folder.read(number, lanes=range(2), of=2) for number in (0, 1)]

    for lanes in rounds:
        patches = [lane.patch(place) for lane in lanes.values() for place in range(len(lane))]
        assert sorted(int(patch[0, 0, 0]) for patch in patches) == list(range(5))
        assert all(patch.shape == (16, 16, 3) and (patch == patch[0, 0, 0]).all() for patch in patches)
    assert folder.outcomes["small.png"] == (Outcome.REFUSED, "small.png has 8 x 30 pixels, a patch 16")
    assert folder.outcomes["broken.jpg"][0] == Outcome.FAILED
    assert "broken.jpg" in folder.outcomes["broken.jpg"][1]


def test_sub_folders_are_labels(tmp_path: Path) -> None:
    """In the order of the patches of a sample, without those that gave none; a single folder tells nothing."""
    for level, name in enumerate(("x/0", "x/1", "y/2", "z/deep/3", "y/4", "x/5")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((16, 16, 3), level, np.uint8)).save(tmp_path / f"{name}.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "x" / "small.png")
    folder = PatchFolder(tmp_path, PatchSupply(patch_px=16), seed=0)

    levels = sampled(folder)[:, 0, 0, 0].tolist()
    labels = folder.labels()

    assert labels is not None
    assert labels.tolist() == [[0, 0, 1, 2, 1, 0][level] for level in levels]
    alone = PatchFolder(tmp_path / "y", PatchSupply(patch_px=16), seed=0)
    sampled(alone)
    assert alone.labels() is None


def test_a_folder_without_a_patch_is_refused(tmp_path: Path) -> None:
    """No picture at all, or none that is large enough: the messages say what to name instead."""
    with pytest.raises(
        MissingArtifact, match=r"no picture \(\.png.*Name a folder with patches.*or leave `--patches` out"
    ):
        PatchFolder(tmp_path, PatchSupply(), seed=0)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 30)).save(tmp_path / name)
    small = PatchFolder(tmp_path, PatchSupply(patch_px=16), seed=0)
    with pytest.raises(
        MissingArtifact, match=r"None of 2 pictures .* a\.png has 8 x 30 pixels, a patch 16.*`--patch-px`"
    ):
        small.read(0, lanes=range(1), of=1)


def test_a_slide_that_breaks_while_it_is_read_gave_nothing(
    slides: list[Slide], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches before the end are left out, as chance decides how many came; and the slide is not ok."""
    ended = Ended(outcome=Outcome.FAILED, reason="torn")

    def breaking(pool: ReadingPool, requests: Iterator[ReadRequest]) -> Iterator[tuple[ReadRequest, Event]]:
        for request in requests:
            rgb = np.zeros((2, 64, 64, 3), np.uint8)
            yield request, Pixels(rgb=rgb)
            yield request, ended

    monkeypatch.setattr(ReadingPool, "read", breaking)
    reader = SlidePatches(
        slides[:1], PatchSupply(patch_px=64, mpps=(0.5,), round_patches=4), seed=0, reading=ReadingConfig()
    )

    assert len(reader.read(0, lanes=range(1), of=1)[0]) == 0
    assert reader.outcomes == {"one": (Outcome.FAILED, "torn")}
