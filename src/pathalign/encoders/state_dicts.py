"""Weights of vision transformers from the files that their authors publish, under this package's names.

Read are safetensors and pickles of tensors; known are the names of timm, of DINO's and DINOv2's own code, of
transformers (ViT, ViT-MSN, DINOv2 with and without registers), and CONCH's attentional pooler beside a timm trunk. What
stands before the names (`module.`, `backbone.`, `teacher.`, `visual.trunk.`, ...) is found, not listed.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from pathalign.errors import BadModelFolder

Weights = dict[str, Tensor]

TIMM_ANCHOR = "patch_embed.proj.weight"
TRANSFORMERS_ANCHOR = "embeddings.patch_embeddings.projection.weight"
"""The names by which a format is known; what stands before them stands before all names of the network."""

_NOT_USED = re.compile(r"(embeddings\.)?mask_token$|(head|head_dist|pooler|classifier)\.")
"""What networks are trained with and embeddings do without."""

_TIMM = {
    r"register_tokens$": "reg_token",
    r"blocks\.\d+\.(\d+)\.": r"blocks.\1.",  # DINOv2 in chunks for FSDP: the second number is that of the block
    r"(blocks\.\d+)\.mlp\.w12\.": r"\1.mlp.fc1.",
    r"(blocks\.\d+)\.mlp\.(?:w1|fc1_g)\.": r"\1.mlp.fc1.0.",
    r"(blocks\.\d+)\.mlp\.(?:w2|fc1_x)\.": r"\1.mlp.fc1.1.",
    r"(blocks\.\d+)\.mlp\.w3\.": r"\1.mlp.fc2.",
}
_TRANSFORMERS = {
    r"embeddings\.cls_token$": "cls_token",
    r"embeddings\.register_tokens$": "reg_token",
    r"embeddings\.position_embeddings$": "pos_embed",
    r"embeddings\.patch_embeddings\.projection\.": "patch_embed.proj.",
    r"layernorm\.": "norm.",
    r"(?:encoder\.)?layers?\.(\d+)\.": r"blocks.\1.",
    r"(blocks\.\d+)\.(?:norm1|layernorm_before)\.": r"\1.norm1.",
    r"(blocks\.\d+)\.(?:norm2|layernorm_after)\.": r"\1.norm2.",
    r"(blocks\.\d+)\.attention\.(?:attention\.query|q_proj)\.": r"\1.attn.qkv.0.",
    r"(blocks\.\d+)\.attention\.(?:attention\.key|k_proj)\.": r"\1.attn.qkv.1.",
    r"(blocks\.\d+)\.attention\.(?:attention\.value|v_proj)\.": r"\1.attn.qkv.2.",
    r"(blocks\.\d+)\.attention\.(?:output\.dense|o_proj)\.": r"\1.attn.proj.",
    r"(blocks\.\d+)\.layer_scale([12])\.lambda1$": r"\1.ls\2.gamma",
    r"(blocks\.\d+)\.(?:intermediate\.dense|mlp\.weights_in)\.": r"\1.mlp.fc1.",
    r"(blocks\.\d+)\.mlp\.gate_proj\.": r"\1.mlp.fc1.0.",
    r"(blocks\.\d+)\.mlp\.up_proj\.": r"\1.mlp.fc1.1.",
    r"(blocks\.\d+)\.(?:output\.dense|mlp\.weights_out|mlp\.down_proj)\.": r"\1.mlp.fc2.",
}
_POOLER = {  # of CONCH 1, which is torch's MultiheadAttention; CONCH 1.5 has the names of `AttentionalPooler`
    r"attn_pool_contrast\.attn\.q_proj_weight$": "to_q.weight",
    r"attn_pool_contrast\.attn\.k_proj_weight$": "to_kv.0.weight",
    r"attn_pool_contrast\.attn\.v_proj_weight$": "to_kv.1.weight",
    r"attn_pool_contrast\.attn\.out_proj\.": "to_out.",
    r"attn_pool_contrast\.": "",
    r"ln_contrast\.": "norm.",
}
_PART = re.compile(r"^(.*)\.(\d)\.(weight|bias)$")
"""Names of tensors that are rows of one: `attn.qkv.1.weight`."""


def read_weights(path: Path) -> Weights:
    """Every tensor in a file by its dotted name; raises `BadModelFolder` for one that is missing or damaged.

    Of a pickle only tensors and plain containers are read: other objects could run code.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return dict(_flat(torch.load(path, map_location="cpu", weights_only=True)))
    except pickle.UnpicklingError as error:
        raise BadModelFolder(
            f"{path.name} must hold tensors and nothing else, and is damaged or holds other objects, which could run "
            "code when they are read. Download it again; or, where you trust it, save its `state_dict` alone with "
            "`torch.save`, and give that file."
        ) from error
    except (OSError, EOFError, SafetensorError, RuntimeError) as error:  # RuntimeError: torch's broken archives
        raise BadModelFolder(
            f"{path.name} is missing, damaged or no file of weights ({type(error).__name__}). Download it again."
        ) from error


def vit_weights(found: Mapping[str, Tensor]) -> Weights:
    """The weights of the one vision transformer among `found`, in single precision, under the names of `PublicVit`.

    `vit.` comes before those of the network, `pooler.` before those of an attentional pooler beside it.
    Raises `BadModelFolder` where there is no vision transformer, or more than one.
    """
    before, anchor = _network(found)
    rules = _TIMM if anchor == TIMM_ANCHOR else _TRANSFORMERS
    own = {name[len(before) :]: tensor for name, tensor in found.items() if name.startswith(before)}
    named = {_renamed(name, rules): tensor for name, tensor in own.items() if not _NOT_USED.match(name)}
    vit = {f"vit.{name}": tensor.float() for name, tensor in _joined(named).items()}
    pooler = _pooler(found, before.removesuffix("trunk.")) if before.endswith("trunk.") else {}
    return vit | {f"pooler.{name}": tensor.float() for name, tensor in pooler.items()}


def _pooler(found: Mapping[str, Tensor], before: str) -> Weights:
    """The attentional pooler beside the trunk, if there is one."""
    names = (f"{before}attn_pool_contrast.", f"{before}ln_contrast.")
    named = {_renamed(name[len(before) :], _POOLER): found[name] for name in found if name.startswith(names)}
    if (bias := named.pop("attn.in_proj_bias", None)) is not None:
        named["to_q.bias"], named["to_kv.bias"] = bias.split([len(bias) // 3, 2 * len(bias) // 3])
    return _joined(named)


def _network(found: Mapping[str, Tensor]) -> tuple[str, str]:
    """What stands before the names of the network, and the anchor of their format."""
    places = [
        (name.removesuffix(anchor), anchor)
        for name in found
        for anchor in (TIMM_ANCHOR, TRANSFORMERS_ANCHOR)
        if name == anchor or name.endswith(f".{anchor}")
    ]
    if len(places) > 1:  # self-distillation: the teacher, an average of students, is what is used
        places = [place for place in places if "teacher" in place[0].split(".")] or places
    if len(places) != 1:
        names = ", ".join(sorted(place[0] or "(no prefix)" for place in places)) or "none"
        raise BadModelFolder(
            f"A file of weights must hold one vision transformer in the names of timm, DINOv2 or transformers; "
            f"found: {names}. Give a file that holds the one network alone."
        )
    return places[0]


def _renamed(name: str, rules: Mapping[str, str]) -> str:
    for pattern, replacement in rules.items():
        name = re.sub(f"^{pattern}", replacement, name)
    return name


def _joined(weights: Mapping[str, Tensor]) -> Weights:
    """Tensors that are given in parts, such as query, key and value, as one."""
    whole: Weights = {}
    parts: dict[str, dict[int, Tensor]] = {}
    for name, tensor in weights.items():
        if match := _PART.match(name):
            parts.setdefault(f"{match[1]}.{match[3]}", {})[int(match[2])] = tensor
        else:
            whole[name] = tensor
    return whole | {name: torch.cat([each[i] for i in sorted(each)]) for name, each in parts.items()}


def _flat(value: Any, before: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors in nested mappings; what else a checkpoint holds (step, optimiser) is left out."""
    if isinstance(value, Tensor):
        yield before, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{before}.{name}" if before else str(name))
