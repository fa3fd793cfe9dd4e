"""PathAlign: align an archive of whole-slide pathology images with its reports.

Importing this package loads no torch and does no input or output; `pathalign.load` fetches what it needs when called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathalign.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from pathalign.model.aligner import Aligner
    from pathalign.model.describer import Describer

__all__ = ["__version__", "load"]


def load(path_or_hub_id: str | Path, *, device: str = "cpu") -> Aligner | Describer:
    """A trained model from a model folder, or from the Hugging Face Hub.

    Returns an `Aligner` (PathAlign-R) or a `Describer` (PathAlign-G), as the folder's `config.json` says.
    `device` is `cpu`, `cuda`, `cuda:N`, or `auto` for a GPU if there is one; give a bag on the same one. Raises
    `pathalign.errors.BadModelFolder` when the folder is not one that PathAlign wrote, `NeedsRepair` for a device that
    is not there or too small for the language model.
    """
    from pathalign.encoders.device import pick_device
    from pathalign.model.folder import load_model

    return load_model(path_or_hub_id, device=pick_device(device))
