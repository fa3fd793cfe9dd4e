"""docs/embeddings.md: its blocks run, and its tables say what the files hold."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.store.embeddings import open_bag, write_bag
from pathalign.store.shards import write_shards

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs" / "embeddings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EMBEDDINGS = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float16)


@pytest.fixture
def slide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page names, as the current folder."""
    grid = PatchGrid(
        spec=PatchSpec(), slide_mpp=0.2527, effective_mpp=1.0, tissue_share=np.ones(5, np.float32),
        xy_px0=(np.arange(5)[:, None] * np.array([[886, 0]])).astype(np.int32),
    )  # fmt: skip
    encoder = {"encoder": {"name": "e"}}
    write_bag(tmp_path / "slide.h5", slide_id="slide", embeddings=EMBEDDINGS, grid=grid, provenance=encoder)
    list(
        write_shards([open_bag(tmp_path / "slide.h5")], tmp_path / "shards", seed=0, config={}, parents={}, licence="")
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path / "slide.h5"


def test_three_lines_read_it_without_us(slide: Path) -> None:
    """The first block imports nothing of ours and gives all embeddings and positions."""
    assert len([line for line in BLOCKS[0].splitlines() if line]) == 3
    assert "pathalign" not in BLOCKS[0]
    found: dict[str, np.ndarray] = {}

    exec(BLOCKS[0], found)

    np.testing.assert_array_equal(found["embeddings"], EMBEDDINGS)
    assert found["xy_px0"].tolist()[1] == [886, 0]


def test_the_other_blocks_run(slide: Path) -> None:
    """Rows, map and bag of a file, and those of a shard, are the embeddings."""
    found: dict[str, object] = {}
    assert len(BLOCKS) == 3

    exec(BLOCKS[1], found)
    np.testing.assert_array_equal(found["few"], EMBEDDINGS[:2])
    np.testing.assert_array_equal(found["mapped"], EMBEDDINGS)
    np.testing.assert_array_equal(found["bag"].embeddings, EMBEDDINGS)

    exec(BLOCKS[2], found)
    np.testing.assert_array_equal(found["bag"].embeddings, EMBEDDINGS)
    np.testing.assert_array_equal(found["some"], EMBEDDINGS[:1])


def test_every_name_in_the_file_is_on_the_page(slide: Path) -> None:
    """Datasets and attributes that we write are documented."""
    with h5py.File(slide) as f:
        names = {*f, *f.attrs, *f["coords"].attrs, *f["features"].attrs}

    assert sorted(name for name in names if f"`{name}`" not in PAGE) == []
