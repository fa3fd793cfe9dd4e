"""The Q-Former under the names of transformers' `Blip2QFormerModel`, for those who go on from there."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from pathalign.model.qformer import QFormer

_NAMES = {
    "attention.query": "attention.attention.query", "attention.key": "attention.attention.key",
    "attention.value": "attention.attention.value", "attention.out": "attention.output.dense",
    "attention.norm": "attention.output.LayerNorm",
    "crossattention.query": "crossattention.attention.query", "crossattention.key": "crossattention.attention.key",
    "crossattention.value": "crossattention.attention.value", "crossattention.out": "crossattention.output.dense",
    "crossattention.norm": "crossattention.output.LayerNorm",
    "query_ffn.fc1": "intermediate_query.dense", "query_ffn.fc2": "output_query.dense",
    "query_ffn.norm": "output_query.LayerNorm", "text_ffn.fc1": "intermediate.dense",
    "text_ffn.fc2": "output.dense", "text_ffn.norm": "output.LayerNorm",
}  # fmt: skip


def to_blip2(qformer: QFormer) -> tuple[Any, dict[str, Tensor]]:
    """A `Blip2QFormerConfig` and the weights under its names.

    Its `encoder_hidden_states` are what `QFormer.patch_input` gives, and its `query_embeds` our query tokens, followed
    by word and position embeddings where there is text. Its one first normalisation is that of our queries.
    """
    from pathalign.model.hub import blip2_config

    weights = {f"layernorm.{kind}": getattr(qformer.query_norm, kind).detach() for kind in ("weight", "bias")}
    for key, value in qformer.state_dict().items():
        if key.startswith("layers."):
            _, index, name = key.split(".", 2)
            ours, kind = name.rsplit(".", 1)
            weights[f"encoder.layer.{index}.{_NAMES[ours]}.{kind}"] = value
    return blip2_config(qformer.config), weights
