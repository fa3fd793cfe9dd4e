"""What `load_timm_vision` makes of a folder that timm has saved, as JSON: `python timm_folder.py REFERENCE_FOLDER OUT`.

It runs in a process of its own for the reason that `timm_reference` gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from timm_reference import stand_in_torchvision
from torch.nn import functional

SIZE = {"img_size": 32, "patch_size": 16, "embed_dim": 24, "depth": 1, "num_heads": 2}
FACTS = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4), "interpolation": "bilinear", "input_size": (3, 32, 32)}


def refusal(folder: Path) -> str:
    """What is told of a folder that cannot be used."""
    from pathalign.encoders.timm_vision import load_timm_vision
    from pathalign.errors import UnknownName

    try:
        load_timm_vision(str(folder))
    except UnknownName as error:
        return str(error)
    return ""


def answers(folder: Path) -> dict[str, Any]:
    """How far its embeddings are from timm's, its card, and what is told when it pools nothing or lacks its weights."""
    import timm
    from timm.models import save_for_hf

    from pathalign.encoders.timm_vision import load_timm_vision

    torch.manual_seed(0)
    model = timm.create_model("vit_small_patch16_224", num_classes=3, pretrained_cfg_overlay=FACTS, **SIZE).eval()
    save_for_hf(model, folder, model_args=SIZE)
    patches = torch.randint(0, 256, (2, 48, 48, 3), dtype=torch.uint8)
    encoder = load_timm_vision(str(folder))
    model.reset_classifier(0)
    pixels = patches.permute(0, 3, 1, 2).float() / 255
    pixels = functional.interpolate(pixels, (32, 32), mode="bilinear", antialias=True)
    mean, std = (torch.tensor(FACTS[name])[:, None, None] for name in ("mean", "std"))
    with torch.no_grad():
        difference = (model((pixels - mean) / std) - encoder.encode(patches)).abs().max()
    found = {"difference": float(difference), "card": encoder.card.as_json()}
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_args": {**SIZE, "global_pool": ""}}))
    found["unpooled"] = refusal(folder)
    for weights in {*folder.iterdir()} - {path}:
        weights.unlink()
    return {**found, "lost": refusal(folder)}


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    stand_in_torchvision()
    print(json.dumps(answers(Path(sys.argv[2]))))  # noqa: T201
