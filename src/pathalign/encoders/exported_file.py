"""Encoders in one exported file: TorchScript and ONNX, with their card beside it (`exported_card`)."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathalign.encoders.acceleration.graph import NotExportable, quiet
from pathalign.encoders.acceleration.onnx_export import write_onnx
from pathalign.encoders.acceleration.verification import EXACT_ENOUGH, least_cosine, probe_patches
from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.exported_card import (
    ExportedCard,
    Input,
    check_output,
    file_digest,
    read_exported_card,
    write_exported_card,
)  # fmt: skip
from pathalign.encoders.onnx_encoder import OnnxEncoder
from pathalign.encoders.pooling import POOLINGS
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder
from pathalign.errors import BadModelFolder, NeedsRepair

TORCHSCRIPT, ONNX = (".pt", ".ts"), (".onnx",)
"""Endings of the files, by what is in them."""


class ScriptedModule(nn.Module):
    """Grey levels to what a TorchScript file makes of the input that its card names, pooled where it gives tokens."""

    def __init__(self, script: Any, card: ExportedCard) -> None:
        super().__init__()
        self.script = script
        self.card = card
        self.pixels = GreyLevels(None, card.mean, card.std)
        # A frozen file has no parameters, and a module is where its parameters are.
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        if torch.compiler.is_compiling():  # an export of TorchScript breaks in ways that torch.export does not name
            raise RuntimeError("TorchScript is run as it is; export the module that it was made of.")
        output = self.script(_as_input(pixels, self.card.input, self.pixels))
        if output.ndim == 3 and self.card.pooling in POOLINGS:
            return POOLINGS[self.card.pooling](output, self.card.prefix_tokens)
        return output

    def __reduce__(self) -> tuple[Callable[[bytes, ExportedCard], ScriptedModule], tuple[bytes, ExportedCard]]:
        """As the bytes of its file: TorchScript is not pickled, and engines send encoders to other processes."""
        buffer = io.BytesIO()
        with quiet():
            torch.jit.save(self.script, buffer)
        return _revived, (buffer.getvalue(), self.card)


def load_exported_file(path: Path) -> PatchEncoder:
    """The encoder in `path`, after one patch went through it.

    Raises `BadModelFolder` for a file that cannot be loaded, a card that is missing or does not fit, and another
    ending; `MissingExtra` for ONNX without its runtime.
    """
    if path.suffix not in (*TORCHSCRIPT, *ONNX):
        raise BadModelFolder(
            f"An exported encoder is TorchScript ({' or '.join(TORCHSCRIPT)}) or ONNX (.onnx), and {path.name} has "
            "another ending. Export it again; weights of a public encoder are given as `--encoder NAME --weights FILE`."
        )
    card = read_exported_card(path)
    if path.suffix in ONNX:
        return OnnxEncoder(path, card)
    encoder = TorchEncoder(ScriptedModule(_script(path), card), card.encoder_card(file_digest([path], card.input)))
    _probe(path, encoder, card)
    return encoder


def export_encoder(encoder: TorchEncoder, path: Path) -> PatchEncoder:
    """Write `path` by its ending (.onnx, .pt or .ts), its card beside it, and give what is loaded from there.

    Raises `NotExportable` when that does not give the embeddings of `encoder`, and `NeedsRepair` on a GPU or for
    another ending.
    """
    if path.suffix not in (*TORCHSCRIPT, *ONNX) or encoder.device.type != "cpu":
        raise NeedsRepair(
            f"An encoder is exported on the CPU to .onnx, .pt or .ts, and this one is on {encoder.device.type} and "
            f"goes to {path.name}. Move it, or name another file."
        )
    facts = encoder.card
    if path.suffix in ONNX:
        write_onnx(encoder.module, path, patch_px=facts.patch_px)
    else:
        _write_torchscript(encoder.module, path, patch_px=facts.patch_px)
    write_exported_card(path, ExportedCard(
        name=facts.name, embedding_dim=facts.embedding_dim, patch_px=facts.patch_px, patch_mpp=facts.patch_mpp,
        mean=facts.mean, std=facts.std, licence=facts.licence, source=facts.source, input="grey levels NCHW",
        pooling=facts.pooling,
    ))  # fmt: skip
    exported = load_exported_file(path)
    probe = probe_patches(facts.patch_px)[:3]  # a batch of another size than was traced
    if (cosine := least_cosine(encoder.encode(probe).numpy(), exported.encode(probe).numpy())) < EXACT_ENOUGH:
        raise NotExportable(
            f"What is exported must be within a cosine of {EXACT_ENOUGH} of the encoder, and {path.name} is at "
            f"{cosine:.5f}: {type(encoder.module).__name__} branches on its input. Export it to the other format."
        )
    return exported


def _as_input(pixels: Float[Tensor, "batch 3 height width"], kind: Input, normalise: nn.Module) -> Tensor:
    if kind == "bytes NHWC":
        return pixels.to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    return normalise(pixels) if kind == "normalised NCHW" else pixels


def _write_torchscript(module: nn.Module, path: Path, *, patch_px: int) -> None:
    example = torch.zeros(2, 3, patch_px, patch_px)
    try:
        with quiet(), torch.inference_mode(False), torch.no_grad():
            torch.jit.save(torch.jit.trace(module, (example,), check_trace=False), path)
    except RuntimeError as error:
        raise NotExportable(
            f"{type(module).__name__} cannot be traced for TorchScript ({type(error).__name__}). Export it to .onnx."
        ) from error


def _script(file: Path | io.BytesIO) -> Any:
    try:
        with quiet():
            return torch.jit.load(file, map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        name = file.name if isinstance(file, Path) else "a file"
        raise BadModelFolder(
            f"{name} cannot be loaded as TorchScript ({type(error).__name__}): it is damaged, or holds weights without "
            "their network. Export the network with torch.jit.trace or torch.jit.script; weights of a public encoder "
            "are given as `--encoder NAME --weights FILE`."
        ) from error


def _revived(content: bytes, card: ExportedCard) -> ScriptedModule:
    return ScriptedModule(_script(io.BytesIO(content)), card).eval().requires_grad_(False)


def _probe(path: Path, encoder: TorchEncoder, card: ExportedCard) -> None:
    """One patch through the file: that it is taken, and that an embedding of the card's width comes back."""
    px = card.patch_px
    try:
        with torch.inference_mode():
            output = encoder.module(torch.zeros(1, 3, px, px))
    except (RuntimeError, TypeError, AttributeError) as error:  # of another input or output
        raise BadModelFolder(
            f"The card of {path.name} must name the input that the file takes, and one patch of {px} px as "
            f"{card.input} makes it fail ({type(error).__name__}). Correct patch_px or input in the card, or export a "
            "module that gives one tensor."
        ) from error
    check_output(path, tuple(output.shape), card)
