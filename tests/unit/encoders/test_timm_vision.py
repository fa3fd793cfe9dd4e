"""timm models as patch encoders, behind the one guard."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pathalign.encoders.timm_vision import load_timm_vision
from pathalign.errors import MissingExtra

pytestmark = [pytest.mark.unit, pytest.mark.slow]

REFERENCE = Path(sys.prefix) / "reference"


def test_a_folder_in_timms_format_embeds_as_timm_does(tmp_path: Path) -> None:
    """Size, normalisation and interpolation are those that timm saved; what cannot embed is refused."""
    if not (REFERENCE / "timm").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"timm is not in {REFERENCE}: run `make setup`.")
        pytest.skip("timm is not installed: run `make setup`")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("timm_folder.py"), REFERENCE, tmp_path / "vit"],
        text=True, check=True, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip

    found = json.loads(done.stdout)

    assert found["difference"] < 1e-5
    card = found["card"]
    assert (card["name"], card["embedding_dim"], card["patch_px"], card["patch_mpp"]) == ("vit", 24, 32, 0.5)
    assert card["mean"] == [0.5, 0.4, 0.3]
    assert "gives a tensor of 3 dimensions for an image, not an embedding" in found["unpooled"]
    assert "There is no timm model vit that can be loaded" in found["lost"]


def test_without_timm_the_message_says_what_to_install() -> None:
    """And that the encoders with a card do without."""
    assert importlib.util.find_spec("timm") is None, "timm is only for a process of its own: see requirements-reference"

    with pytest.raises(MissingExtra, match=r"timm is not installed.*pathalign\[timm\].*run without timm"):
        load_timm_vision("vit_small_patch16_224")


@pytest.mark.parametrize("torchvision", ["none", "broken"])
def test_a_torchvision_that_does_not_fit_is_told(
    torchvision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One built for another torch raises on import, and timm with it."""
    (tmp_path / "timm.py").write_text("import torchvision")
    if torchvision == "broken":
        (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    told = {
        "none": "torchvision is not installed",
        "broken": r"breaks on import \(RuntimeError: operator torchvision::nms does not exist\)",
    }

    with pytest.raises(MissingExtra, match=rf"{told[torchvision]}.*run without timm"):
        load_timm_vision("vit_small_patch16_224")
