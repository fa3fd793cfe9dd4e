"""Small slides, a workspace and a patch encoder that needs no weights."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor

from pathalign.encoders.encoder import EncoderCard
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.tasks.registration import add
from pathalign.testing.slides import draw_field, write_pyramid

WriteTable = Callable[..., Path]


class ColourEncoder:
    """Embeds a patch as the mean and deviation of its colours; stops like Ctrl-C before batch `stop_at`."""

    def __init__(self, *, stop_at: int | None = None, weights: str = "none") -> None:
        self.calls = 0
        self._stop_at = stop_at
        self._card = EncoderCard(
            name="colour", embedding_dim=6, patch_px=224, patch_mpp=1.0, licence="CC0", source="test",
            weights_digest=weights,
        )  # fmt: skip

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""
        return self._card

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    @property
    def computes(self) -> dict[str, str]:
        """In single precision."""
        return {"device": "cpu", "runtime": "torch", "precision": "float32"}

    def to(self, device: torch.device) -> None:
        """Stays where it is."""

    def encode(self, patches: Tensor) -> Tensor:
        """Mean and deviation of each channel."""
        self.calls += 1
        if self.calls == self._stop_at:
            raise KeyboardInterrupt
        pixels = patches.float().flatten(1, 2) / 255
        return torch.cat([pixels.mean(1), pixels.std(1)], dim=1)


@pytest.fixture
def make_encoder() -> type[ColourEncoder]:
    """The fake encoder's class."""
    return ColourEncoder


@pytest.fixture(scope="session")
def drawn_slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three fields of tissue, glass without tissue, and files that are wrong in one way each."""
    folder = tmp_path_factory.mktemp("slides")
    fields = {
        name: draw_field("colon_benign", side_um=480, mpp=1.0, seed=seed)
        for seed, name in enumerate(["one", "two", "three"])
    }
    for name, field in fields.items():
        write_pyramid(folder / f"{name}.tif", field, mpp=1.0)
    write_pyramid(folder / "glass.tif", np.full((480, 480, 3), 243, np.uint8), mpp=1.0)
    write_pyramid(folder / "untagged.tif", fields["one"], mpp=None)
    write_pyramid(folder / "bogus.tif", fields["one"], mpp=352.8)
    (folder / "words.tif").write_text("this is no slide")
    return folder


@pytest.fixture
def slides(drawn_slides: Path, tmp_path: Path) -> Path:
    """A copy of the slides that a test may break."""
    return Path(shutil.copytree(drawn_slides, tmp_path / "slides"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return create_workspace(tmp_path / "workspace")


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    """Writes a CSV beside the slides: `write_table("slides.csv", header, *rows)`."""

    def write(name: str, header: Sequence[str], *rows: Sequence[object]) -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def tear() -> Callable[..., None]:
    """Breaks a slide so that it still opens: the data of some tiles, or of all on every level, is overwritten."""

    def broken(path: Path, *, tiles: slice = slice(None)) -> None:
        with tifffile.TiffFile(path) as tiff:
            spans = [
                (start, size)
                for page in tiff.pages
                for start, size in zip(page.dataoffsets, page.databytecounts, strict=True)
            ]
        with path.open("r+b") as f:
            for start, size in spans[tiles]:
                f.seek(start)
                f.write(b"\0" * size)

    return broken


@pytest.fixture
def filled(workspace: Workspace, slides: Path, write_table: Callable[..., Path]) -> Workspace:
    """Three slides with tissue (one, two, three) and one of bare glass, in slides.csv."""
    rows = [(name, f"slides/{name}.tif", "") for name in ("one", "three", "two", "glass")]
    add(workspace, write_table("slides.csv", ("slide_id", "path", "mpp"), *rows))
    return workspace
