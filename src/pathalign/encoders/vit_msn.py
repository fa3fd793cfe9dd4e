"""Our weights under the names of transformers' `ViTMSNModel`; `state_dicts` reads those names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from pathalign.encoders.vit import PatchEmbed, VisionTransformer

_OUTSIDE = {
    "cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
    "patch_embed.proj.weight": "embeddings.patch_embeddings.projection.weight",
    "patch_embed.proj.bias": "embeddings.patch_embeddings.projection.bias",
    "norm.weight": "layernorm.weight", "norm.bias": "layernorm.bias",
}  # fmt: skip
_IN_BLOCK = {
    "norm1": "layernorm_before", "norm2": "layernorm_after", "attn.proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
}  # fmt: skip


def vit_msn_weights(vit: VisionTransformer) -> Mapping[str, Tensor]:
    """What `model.safetensors` of a `ViTMSNModel` that computes the same tokens holds, in any version of transformers.

    Raises `ValueError` for a network that `ViTMSNModel` cannot be: it has a linear stem, plain blocks, no registers.
    """
    config = vit.config
    plain = config.mlp == "plain" and not (config.registers or config.layer_scale or config.pre_norm)
    if not (plain and config.qkv_bias and isinstance(vit.patch_embed, PatchEmbed)):
        raise ValueError(
            "ViTMSNModel has a linear stem, plain blocks with biases and no registers; this network has "
            f"{type(vit.patch_embed).__name__}, mlp={config.mlp!r}, registers={config.registers}, "
            f"layer_scale={config.layer_scale}, pre_norm={config.pre_norm}."
        )
    found: dict[str, Tensor] = {}
    for name, value in vit.state_dict().items():
        if name in _OUTSIDE:
            found[_OUTSIDE[name]] = value.clone()
            continue
        _, number, rest = name.split(".", 2)
        part, kind = rest.rsplit(".", 1)
        block = f"encoder.layer.{number}."
        if part == "attn.qkv":
            for which, some in zip(("query", "key", "value"), value.chunk(3), strict=True):
                found[f"{block}attention.attention.{which}.{kind}"] = some.clone()
        else:
            found[f"{block}{_IN_BLOCK[part]}.{kind}"] = value.clone()
    return found
