"""Diagnoses composed of attributes, and the sentences of a report that name them: the texts of synthetic bags.

An attribute has two wordings, of which the first is that of generation texts. Retrieval texts choose, and add facts
that no slide shows; slides of one diagnosis may have equal texts.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, fields

import numpy as np

from pathalign.domain.records import SlideText, Split

ORGANS = ("Colon", "Lung", "Breast", "Prostate")
TYPES = (
    ("adenocarcinoma", "glandular carcinoma"), ("squamous cell carcinoma", "epidermoid carcinoma"),
    ("small cell carcinoma", "oat cell carcinoma"), ("carcinoid tumour", "neuroendocrine tumour"),
)  # fmt: skip
GRADES = (("low grade", "well differentiated"), ("high grade", "poorly differentiated"))
FINDINGS = (
    ("", ""), ("Necrosis is present.", "Necrotic areas are seen."),
    ("Perineural invasion is present.", "Tumour surrounds nerves."),
    ("Lymphovascular invasion is present.", "Tumour is seen in vessels."),
)  # fmt: skip
RELATIONS = (("It adjoins the tumour.", "It borders on it."), ("It lies away from the tumour.", "It lies apart."))
"""Where the finding is; said only of slides whose truth depends on it."""
UNSEEN = (
    "", "The specimen measures {} mm.", "Margins are free by {} mm.", "History of resection {} years ago.",
    "{} lymph nodes were submitted.",
)  # fmt: skip
"""Facts that no patch shows; {} is a number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Places in `ORGANS`, `TYPES`, `GRADES`, `FINDINGS` and `RELATIONS`."""

    organ: int
    type: int
    grade: int
    finding: int
    relation: int | None = None
    """None where the text does not say it."""

    @property
    def text(self) -> str:
        """The one wording of generation texts."""
        return self.worded((0, 0, 0, 0))

    def worded(self, wordings: tuple[int, int, int, int]) -> str:
        """With a wording of type, grade, finding and relation."""
        of_type, of_grade, of_finding, of_relation = wordings
        sentences = [
            f"{ORGANS[self.organ]}, biopsy: {GRADES[self.grade][of_grade]} {TYPES[self.type][of_type]}.",
            FINDINGS[self.finding][of_finding],
            "" if self.relation is None else RELATIONS[self.relation][of_relation],
        ]
        return " ".join(filter(None, sentences))


ATTRIBUTES = tuple(field.name for field in fields(Diagnosis))


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnoses:
    """How many of each attribute there are; of the findings, the first is none."""

    organs: int = len(ORGANS)
    types: int = len(TYPES)
    grades: int = len(GRADES)
    findings: int = len(FINDINGS)
    with_relation: bool = False
    """Every slide then has a finding, and its text says where."""

    def every(self) -> tuple[Diagnosis, ...]:
        """All diagnoses that there are."""
        return _every(self)


@functools.lru_cache(maxsize=8)
def _every(diagnoses: Diagnoses) -> tuple[Diagnosis, ...]:
    findings = range(int(diagnoses.with_relation), diagnoses.findings)
    relations = range(len(RELATIONS)) if diagnoses.with_relation else (None,)
    choices = (range(diagnoses.organs), range(diagnoses.types), range(diagnoses.grades), findings, relations)
    return tuple(
        Diagnosis(organ=organ, type=kind, grade=grade, finding=finding, relation=relation)
        for organ, kind, grade, finding, relation in itertools.product(*choices)
    )


def diagnosis_text(slide_id: str, diagnosis: Diagnosis, split: Split, random: np.random.Generator) -> SlideText:
    """What the report of a slide says."""
    chosen = [int(i) for i in random.integers(2, size=4)]
    fact = UNSEEN[random.integers(len(UNSEEN))].format(int(random.integers(2, 60)))
    said = f"{diagnosis.worded((chosen[0], chosen[1], chosen[2], chosen[3]))} {fact}".strip()
    return SlideText(
        slide_id=slide_id, case_id=slide_id, patient_id=slide_id, part="A", retrieval_text=said,
        generation_text=diagnosis.text, retrieval_key=said, concept_key=diagnosis.text, malignant=None, split=split,
    )  # fmt: skip
