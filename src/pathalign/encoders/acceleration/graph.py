"""The computation of an encoder's module as a graph that other runtimes take: any batch, patches of one size."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from pathalign.errors import PathAlignError


class NotExportable(PathAlignError, RuntimeError):
    """A module whose computation cannot be written down as a graph of any batch."""


def graph_of(module: nn.Module, *, patch_px: int) -> ExportedProgram:
    """What `module` computes for float pixels [batch, 3, patch_px, patch_px]; its weights are shared, not copied.

    Raises `NotExportable`, most often for a module that takes `len` of a batch or branches on pixels.
    """
    example = torch.zeros(2, 3, patch_px, patch_px)  # a batch of one would be taken for a constant
    try:
        with quiet():
            return torch.export.export(module, (example,), dynamic_shapes=({0: Dim("batch")},))
    except (RuntimeError, ValueError, TypeError, AttributeError, LookupError, NotImplementedError) as error:
        # torch.export runs foreign code on symbols and documents no list of what that may raise.
        raise NotExportable(
            f"{type(module).__name__} cannot be exported for any batch of {patch_px}-px patches "
            f"({type(error).__name__}). Use `--runtime torch`."
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Converters warn of their own innards: deprecations inside torch, operators that no encoder has."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
