"""Small slides that several files read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathalign.testing.slides import draw_field, write_pyramid

GLASS = (243, 242, 244)


@pytest.fixture(scope="session")
def field_025() -> np.ndarray:
    """0.64 mm of colon, at 0.25 mpp."""
    return draw_field("colon_benign", side_um=640, mpp=0.25, seed=5)


@pytest.fixture(scope="session")
def island() -> Callable[[np.ndarray], np.ndarray]:
    """Puts a field amid glass, with a margin of a fifth of its side."""

    def place(field: np.ndarray) -> np.ndarray:
        margin = len(field) // 5
        image = np.full((len(field) + 2 * margin, len(field) + 2 * margin, 3), GLASS, np.uint8)
        image[margin:-margin, margin:-margin] = field
        return image

    return place


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes an image as a slide and returns its path."""

    def write(image: np.ndarray, *, name: str = "slide.tif", **options: object) -> Path:
        write_pyramid(tmp_path / name, image, **options)  # type: ignore[arg-type]
        return tmp_path / name

    return write
