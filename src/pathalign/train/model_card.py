"""README.md of a model folder: what the model is, what it was trained on, what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pathalign.domain.geometry import PatchSpec
from pathalign.train.cohort import TrainingCohort
from pathalign.version import __version__

_TITLES = {"retrieval": "PathAlign-R", "generation": "PathAlign-G"}
_DOES = {
    "retrieval": "Puts whole-slide images and report text into one space: search, classification, triage.",
    "generation": "Writes diagnostic text for a whole-slide image, with the patches that support each sentence.",
}
_LIMITS = """\
## Limits

Research software, not a medical device. It is as good as what `pathalign evaluate` measures on held-out patients of
your own archive, and that report is the one to read. It was trained on the reports of one archive, whose texts it may
repeat: treat the weights as you treat the reports.
"""


def model_card(kind: str, *, cohort: TrainingCohort, recipe: Mapping[str, Any], licence: str) -> str:
    """The card of an aligner or describer."""
    patients = len({text.patient_id for text in cohort.texts})
    size = recipe["size"]
    diagnoses = len({text.concept_key for text in cohort.texts})
    return f"""\
---
library_name: pathalign
tags: [pathology, whole-slide-image, q-former]
license: {"other" if licence else "unknown"}
---

# {_TITLES[kind]}

{_DOES[kind]} Made by PathAlign {__version__}.

Load it with `pathalign.load("FOLDER")`.

## Training

- {len(cohort)} slides of {patients} patients (training split only), {diagnoses} distinct diagnoses.
- Patch embeddings: `{cohort.folder.name}`. Licence inherited from the encoder: {licence or "none stated"}.
- Q-Former: {size["layers"]} layers, width {size["dim"]}, {size["num_query_tokens"]} queries. The whole recipe is in
  `manifest.json`.

{_LIMITS}"""


def encoder_card(*, slides: int, patches: int, spec: PatchSpec) -> str:
    """The card of the workspace's own patch encoder."""
    return f"""\
---
library_name: pathalign
tags: [pathology, patch-encoder, self-supervised]
---

# Patch encoder of a workspace

A small vision transformer, trained without labels on {patches} patches of {slides} slides (training split only),
{spec.patch_px} px at {spec.patch_mpp:g} um per pixel. Made by PathAlign {__version__} with `pathalign pretrain`.

It makes the chain run where no weights can be downloaded. A foundation model named with `--encoder` will serve better.
"""
