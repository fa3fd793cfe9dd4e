"""What a process holds of a frozen language model in stage 2, whole or spread over several (`--shard-llm`).

Sums alone, over the modules and the tensors that the backward pass needs, of models without weights: no GPU is measured
here, and what its libraries, its allocator and the Q-Former take comes on top.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from pathalign.train.sharded_language_model import layers_of

OUT = Path(__file__).parent / "out" / "llm_shares.json"
QUERIES, TOKENS, TEXTS = 32, 96, 8
"""A soft prompt and a text behind it; texts of a process in a step: `base` has 64 in a step."""
LAYERS_AT_ONCE = 2
"""The one that computes, and the next, which is brought together meanwhile."""
MODELS = {
    "7 billion (Llama 2)": {
        "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 11008,
        "vocab_size": 32000,
    },
    "70 billion (Llama 3)": {
        "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "intermediate_size": 28672, "vocab_size": 128256,
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    args = parser.parse_args()
    rows = [row_of(name, args.processes) for name in MODELS]
    print(f"GB in one of {args.processes} processes; {TEXTS} texts of {QUERIES} queries and {TOKENS} tokens\n")
    for key in rows[0]:
        print(f"{key:34}" + "".join(f"{row[key]:>22}" for row in rows))
    OUT.parent.mkdir(exist_ok=True)
    about = {"name": "llm_shares", "machine": platform.machine(), "goals": [], "rows": rows}
    OUT.write_text(json.dumps(about, indent=2))


def row_of(name: str, processes: int) -> dict[str, Any]:
    """The sums of a model, in GB of bfloat16 if not said otherwise."""
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**MODELS[name], tie_word_embeddings=False)).bfloat16()
    model.eval().requires_grad_(False)
    layers = layers_of(model)
    whole, layer = nbytes(model), nbytes(layers[0])
    rest = whole - layer * len(layers)
    kept = kept_for_backward(model)
    passing = rest + LAYERS_AT_ONCE * layer
    sums = {
        "whole, float32 (without the option)": 2 * whole, "whole, as stored (leading host)": whole,
        "share": whole / processes, "words and head, whole": rest, "a layer, whole": layer,
        "kept for the backward pass": kept, "together, at most": whole / processes + passing + kept,
    }  # fmt: skip
    return {"model": name, **{what: round(value / 1e9, 1) for what, value in sums.items()}}


def nbytes(module: nn.Module) -> int:
    return sum(weight.nbytes for weight in module.parameters())


def kept_for_backward(model: Any) -> int:
    """Bytes of the tensors, each counted once, that a pass keeps for the gradient of the prompt."""
    weights = {weight.untyped_storage()._cdata for weight in model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(x: Tensor) -> Tensor:
        if (storage := x.untyped_storage()._cdata) not in weights:
            kept[storage] = x
        return x

    prompt = torch.zeros(TEXTS, QUERIES, model.config.hidden_size, dtype=torch.bfloat16, device="meta")
    ids = torch.zeros(TEXTS, TOKENS, dtype=torch.long, device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        inputs = torch.cat([prompt.requires_grad_(), model.get_input_embeddings()(ids)], dim=1)
        logits = model(inputs_embeds=inputs).logits[:, QUERIES:]
        logits.float().log_softmax(-1).gather(-1, ids[:, :, None])
    return sum(x.untyped_storage().nbytes() for x in kept.values())


if __name__ == "__main__":
    main()
