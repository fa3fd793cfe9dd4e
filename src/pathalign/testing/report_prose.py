"""The reports of the demo cohort: several phrasings of a diagnosis, among facts that no slide can show.

A report reads like those of the composites tool: clinical history, final diagnosis by part, gross description. No
names and no dates of people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PHRASES: dict[tuple[str, str], tuple[str, ...]] = {
    ("colon", "benign"): (
        "Benign colonic mucosa",
        "Colonic mucosa with preserved crypts, negative for carcinoma",
        "Unremarkable colonic mucosa with no malignancy identified",
        "Benign large bowel mucosa with regular crypt architecture",
    ),
    ("colon", "adenocarcinoma"): (
        "Invasive adenocarcinoma of the colon",
        "Colonic adenocarcinoma, moderately differentiated",
        "Moderately differentiated adenocarcinoma with dirty necrosis",
        "Adenocarcinoma, colonic type",
    ),
    ("lung", "benign"): (
        "Benign lung parenchyma",
        "Lung parenchyma with open alveoli, negative for carcinoma",
        "Alveolated lung tissue with no malignancy identified",
        "Benign lung tissue with thin alveolar septa",
    ),
    ("lung", "adenocarcinoma"): (
        "Pulmonary adenocarcinoma",
        "Invasive adenocarcinoma, acinar predominant",
        "Lung adenocarcinoma with acinar growth",
        "Adenocarcinoma of the lung",
    ),
    ("lung", "squamous cell carcinoma"): (
        "Squamous cell carcinoma",
        "Keratinizing squamous cell carcinoma",
        "Invasive squamous cell carcinoma with keratin pearls",
        "Squamous cell carcinoma of the lung, moderately differentiated",
    ),
    ("breast", "benign"): (
        "Benign breast tissue",
        "Breast tissue with lobules and fibrous stroma, negative for carcinoma",
        "Fibrofatty breast tissue with no malignancy identified",
        "Benign breast lobules in fibrofatty stroma",
    ),
    ("breast", "invasive ductal carcinoma"): (
        "Invasive ductal carcinoma",
        "Invasive ductal carcinoma, no special type",
        "Invasive ductal carcinoma growing in cords",
        "Invasive ductal carcinoma with desmoplastic stroma",
    ),
    ("lymph node", "benign"): (
        "Benign reactive lymph node",
        "Lymph node with follicular hyperplasia, negative for carcinoma",
        "Reactive lymphoid tissue with no malignancy identified",
        "Benign lymph node with germinal centers",
    ),
    ("lymph node", "metastatic carcinoma"): (
        "Metastatic carcinoma",
        "Lymph node with metastatic carcinoma",
        "Metastatic carcinoma replacing nodal tissue",
        "Metastatic carcinoma in a lymph node",
    ),
    ("lymph node", "lymphoma"): (
        "Large cell lymphoma",
        "Diffuse large cell lymphoma",
        "Lymph node involved by large cell lymphoma",
        "Lymphoma, large cell type",
    ),
}
"""How pathologists may word a diagnosis; each malignant phrase holds the words of the diagnosis itself."""

EXTENT_PHRASES: dict[str, tuple[str, ...]] = {
    "focal": ("Focal involvement", "Tumor is focal", "Small focus of tumor"),
    "moderate": ("Tumor involves a moderate part of the tissue", "Moderate involvement", "Tumor is moderate in extent"),
    "extensive": ("Extensive involvement", "Tumor is extensive", "Tumor replaces most of the tissue"),
}
SITES = {
    "colon": ("ascending", "transverse", "descending", "sigmoid"),
    "lung": ("right upper lobe", "right lower lobe", "left upper lobe", "left lower lobe"),
    "breast": ("left", "right", "left upper outer quadrant", "right lower inner quadrant"),
    "lymph node": ("left axillary", "right axillary", "left cervical", "right inguinal"),
}
PROCEDURES = {
    "colon": ("biopsy", "segmental resection", "polypectomy"),
    "lung": ("biopsy", "wedge resection", "lobectomy"),
    "breast": ("core biopsy", "excision", "mastectomy"),
    "lymph node": ("excision", "core biopsy", "dissection"),
}
HISTORIES = {
    "colon": ("Change of bowel habit.", "Abnormal colonoscopy.", "Anemia.", "Mass."),
    "lung": ("Nodule on imaging.", "Cough.", "Mass.", "Follow-up of an opacity."),
    "breast": ("Abnormal mammogram.", "Palpable finding.", "Mass.", "Density on imaging."),
    "lymph node": ("Enlarged lymph node.", "Staging.", "Lymphadenopathy.", "Mass."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PartFinding:
    """What a part turned out to be, as its text must say."""

    letter: str
    organ: str
    diagnosis: str
    extent: str | None
    """A key of `EXTENT_PHRASES`; None when nothing malignant was found."""


def part_text(rng: np.random.Generator, finding: PartFinding) -> str:
    """One part of the final diagnosis: a heading and one line a statement."""
    organ = finding.organ
    site, procedure = _one(rng, SITES[organ]), _one(rng, PROCEDURES[organ])
    lines = [_one(rng, PHRASES[organ, finding.diagnosis])]
    if finding.extent:
        lines.append(_one(rng, EXTENT_PHRASES[finding.extent]))
        lines.append(f"Greatest dimension {rng.uniform(0.4, 6):.1f} cm")
        examined = int(rng.integers(4, 22))
        if rng.random() < 0.7:
            least = 1 if organ == "lymph node" else 0  # the part is itself a node, and the tumour is in it
            lines.append(f"{rng.integers(least, 4)} of {examined} lymph nodes positive")
        if rng.random() < 0.4:
            lines.append(f"Closest margin {rng.integers(1, 20)} mm")
    heading = f"{finding.letter}. {organ.upper()}, {site.upper()}, {procedure.upper()}:"
    return "\n".join([heading, *(f"  - {line}." for line in lines)])


def report_text(rng: np.random.Generator, findings: list[PartFinding]) -> str:
    """The whole report of a case, its parts in order."""
    diagnosis = "\n".join(part_text(rng, finding) for finding in findings)
    gross = "\n".join(
        f"{finding.letter}. Received in formalin, {_one(rng, ('a tan', 'a gray-tan', 'a firm pink'))} fragment, "
        f"{rng.uniform(0.6, 9):.1f} cm."
        for finding in findings
    )
    history = _one(rng, HISTORIES[findings[0].organ])
    return f"CLINICAL HISTORY:\n{history}\n\nFINAL DIAGNOSIS:\n{diagnosis}\n\nGROSS DESCRIPTION:\n{gross}\n"


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
