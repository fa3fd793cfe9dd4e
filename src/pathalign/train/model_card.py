"""README.md of a model folder: what the model is, what it was trained on, what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pathalign.train.cohort import TrainingCohort
from pathalign.train.pathssl.rounds import PatchSupply
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
- Patch embeddings: `{cohort.source.name}`. Licence inherited from the encoder: {licence or "none stated"}.
- Q-Former: {size["layers"]} layers, width {size["dim"]}, {size["num_query_tokens"]} queries. The whole recipe is in
  `manifest.json`.

{_LIMITS}"""


def encoder_card(*, trained_on: str, supply: PatchSupply) -> str:
    """The card of the workspace's own patch encoder."""
    mpps = ", ".join(f"{mpp:g}" for mpp in supply.mpps)
    named = f" (`embed` takes the middle one, {supply.middle_mpp:g})" if len(supply.mpps) > 1 else ""
    return f"""\
---
library_name: pathalign
tags: [pathology, patch-encoder, self-supervised]
---

# Patch encoder of a workspace

A vision transformer, trained without labels on {trained_on},
{supply.patch_px} px at {mpps} um per pixel{named}. Made by PathAlign {__version__} with `pathalign pretrain`.

It makes the chain run where no weights can be downloaded. A foundation model named with `--encoder` will serve better.
"""
