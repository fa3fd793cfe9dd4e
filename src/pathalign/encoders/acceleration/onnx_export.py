"""An encoder's module as an ONNX file: grey levels 0-255 in, embeddings out, any batch. Needs the extra `onnx`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from pathalign.encoders.acceleration.graph import NotExportable, graph_of, quiet
from pathalign.errors import MissingExtra

OPSET = 18
"""The first in which `Resize` has the antialiasing that a change of patch size needs; runtimes since 2023 read it."""
INPUT, OUTPUT = "pixels", "embedding"


def write_onnx(module: nn.Module, path: Path, *, patch_px: int) -> None:
    """Write `path`, and beside it `path`.data with large weights: protobuf ends at 2 GiB.

    Input `pixels` float [batch, 3, patch_px, patch_px], output `embedding` float [batch, dim]. The same module gives
    the same bytes. Raises `NotExportable` and `MissingExtra`.
    """
    graph = graph_of(module, patch_px=patch_px)
    try:
        with quiet():
            program = torch.onnx.export(graph, (), dynamo=True, verbose=False, opset_version=OPSET,
                                        input_names=[INPUT], output_names=[OUTPUT])  # fmt: skip
            assert program is not None, "with dynamo=True there is one"
            for node in program.model.graph.all_nodes():
                node.metadata_props.clear()  # stack traces, which name folders of this machine
            program.save(path, external_data=True)
    except ImportError as error:
        raise MissingExtra("An encoder is exported by onnxscript: `pip install 'pathalign[onnx]'`.") from error
    except torch.onnx.errors.OnnxExporterError as error:
        raise NotExportable(
            f"{type(module).__name__} uses operators that ONNX does not have. Use another `--runtime`."
        ) from error
