"""The tissues that can be drawn, by name, and a whole field of one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pathalign.errors import UnknownName
from pathalign.testing import benign_art, malignant_art
from pathalign.testing.layer import Layer
from pathalign.testing.nuclei import STAMP_MPP
from pathalign.testing.texture import Mask, Number

Art = Callable[[np.random.Generator, Mask], Layer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tissue:
    """One organ with one diagnosis, and who draws it."""

    organ: str
    diagnosis: str
    art: Art

    @property
    def malignant(self) -> bool:
        """True unless the diagnosis is benign."""
        return self.diagnosis != "benign"


TISSUES: dict[str, Tissue] = {
    "colon_benign": Tissue(organ="colon", diagnosis="benign", art=benign_art.colon),
    "colon_adenocarcinoma": Tissue(organ="colon", diagnosis="adenocarcinoma", art=malignant_art.colon_adenocarcinoma),
    "lung_benign": Tissue(organ="lung", diagnosis="benign", art=benign_art.lung),
    "lung_squamous": Tissue(
        organ="lung", diagnosis="squamous cell carcinoma", art=malignant_art.squamous_cell_carcinoma
    ),
    "breast_benign": Tissue(organ="breast", diagnosis="benign", art=benign_art.breast),
    "breast_ductal": Tissue(
        organ="breast", diagnosis="invasive ductal carcinoma", art=malignant_art.invasive_ductal_carcinoma
    ),
    "lymph_node_benign": Tissue(organ="lymph node", diagnosis="benign", art=benign_art.lymph_node),
    "lymph_node_metastasis": Tissue(
        organ="lymph node", diagnosis="metastatic carcinoma", art=malignant_art.metastatic_carcinoma
    ),
    "lung_adenocarcinoma": Tissue(organ="lung", diagnosis="adenocarcinoma", art=malignant_art.lung_adenocarcinoma),
    "lymph_node_lymphoma": Tissue(organ="lymph node", diagnosis="lymphoma", art=malignant_art.lymphoma),
}
"""In the order in which a cohort takes them up: a small cohort holds the first few, benign beside malignant."""


def tissue_named(kind: str) -> Tissue:
    """The tissue of that name; an unknown one is refused with the names there are."""
    if kind not in TISSUES:
        raise UnknownName(f"No tissue is called {kind!r}. Choose one of: {', '.join(TISSUES)}.")
    return TISSUES[kind]


def benign_twin(tissue: Tissue) -> Tissue:
    """The normal tissue of the same organ."""
    return next(t for t in TISSUES.values() if t.organ == tissue.organ and not t.malignant)


def at_mpp(image: NDArray[np.uint8], mpp: Number) -> NDArray[np.uint8]:
    """An image drawn at `STAMP_MPP` as a scan at `mpp` shows it: area means when coarser, bicubic when finer."""
    if mpp == STAMP_MPP:
        return image
    width, height = (max(1, round(n * STAMP_MPP / mpp)) for n in (image.shape[1], image.shape[0]))
    how = Image.Resampling.BOX if mpp > STAMP_MPP else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(image).resize((width, height), how))
