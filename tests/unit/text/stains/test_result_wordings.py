"""The usual ways in which pathologists write results of stains, on one line and with a full stop at any line's end."""

from __future__ import annotations

import re

import pytest

from pathalign.text.stains.results import results_in

pytestmark = pytest.mark.unit

P, N, R = "positive", "negative", "retained"
WORDINGS = [
    # lists and signs
    ("The cells are immunoreactive for CK7 and napsin A and lack staining for TTF-1 and p40.",
     {"CK7": P, "Napsin A": P, "TTF-1": N, "p40": N}),
    ("CK7+ CK20- TTF1+ p63-", {"CK7": P, "CK20": N, "TTF-1": P, "p63": N}),
    ("ER(+)PR(+)HER2(-)", {"ER": P, "PR": P, "HER2": N}),
    ("ER pos, PR neg, Her2 neg.", {"ER": P, "PR": N, "HER2": N}),
    ("vimentin +ve, CK7 -ve", {"Vimentin": P, "CK7": N}),
    ("EMA +/-, CK7: -", {"EMA": "equivocal", "CK7": N}),
    ("TTF-1 +, p63 [+]", {"TTF-1": P, "p63": P}),
    ("vimentin (3+), keratin (1+)", {"Vimentin": P, "Pan-cytokeratin": P}),
    ("The cells express CK7 and GATA3, but not CK20 or TTF-1.", {"CK7": P, "GATA3": P, "CK20": N, "TTF-1": N}),
    ("Positive for CK7, p63 and nuclear WT-1.", {"CK7": P, "p63": P, "WT1": P}),
    ("PAX8 (nuclear, strong), CK7 (diffuse) and WT-1 (negative).", {"PAX8": P, "CK7": P, "WT1": N}),
    ("racemase positive, CK7 patchy, CA-IX negative", {"AMACR": P, "CK7": P, "CA9": N}),
    ("Positive stains: vimentin, CD10. Negative stains: CK7, CK20.",
     {"Vimentin": P, "CD10": P, "CK7": N, "CK20": N}),
    ("Stains for chromogranin. desmin and CD34 are negative.", {"Chromogranin": N, "Desmin": N, "CD34": N}),
    ("Stains for CK7 (block A1), keratins (AE1/AE3 and CAM 5.2) show no evidence of metastatic tumor.",
     {"CK7": N, "Pan-cytokeratin": N, "CK8/18": N}),
    ("Positive for racemase (P504S), vimentin and PAX-8.\n(focal)", {"AMACR": P, "Vimentin": P, "PAX8": P}),
    # numbers that share a name
    ("CD3, 5, 10: Negative. CD2/7+.", {"CD3": N, "CD5": N, "CD10": N, "CD2": P, "CD7": P}),
    # nothing is stained
    ("The cells fail to stain for CD34 and S100.", {"CD34": N, "S100": N}),
    ("Stains for CD34 and desmin fail to highlight the tumor cells.", {"CD34": N, "Desmin": N}),
    ("The spindle cells do not react with antibodies to CD34 or SMA.", {"CD34": N, "SMA": N}),
    ("There is no keratin staining. No CD30 positive cells are there.", {"Pan-cytokeratin": N, "CD30": N}),
    ("There is absence of reactivity for calcitonin.", {"Calcitonin": N}),
    # words of how it stains
    ("p53 shows weak and spotty immunoreactivity.", {"p53": P}),
    ("E-cadherin: membranous reactivity.", {"E-cadherin": P}),
    ("ER. Diffuse intermediate expression.", {"ER": P}),
    ("There is strong CK7 staining.", {"CK7": P}),
    ("Presence of CD10 reactivity.", {"CD10": P}),
    ("CK7 - there is 1+ staining.", {"CK7": P}),
    ("Vimentin - focal", {"Vimentin": P}),
    ("p63: present in the lesion.", {"p63": P}),
    ("There was positivity of epithelial cells for CK7 and negativity for CD5.", {"CK7": P, "CD5": N}),
    ("Studies showed positive CK7 and positive AMACR.", {"CK7": P, "AMACR": P}),
    ("Urethra free (including negative CK20 immunostain).", {"CK20": N}),
    # what is highlighted
    ("Keratin AE1/AE3 immunostain highlights isolated tumor cells.", {"Pan-cytokeratin": P}),
    ("D2-40 and CD31 highlight lymphovascular invasion.", {"D2-40": P, "CD31": P}),
    ("AE1/AE3 decorates the tumor cells.", {"Pan-cytokeratin": P}),
    ("Visceral pleural invasion is confirmed by elastic stain.", {"Elastic": P}),
    ("Invasion is seen on an ERG immunostain.", {"ERG": P}),
    ("No tumor cells were found on immunostains with S100 and melan A.", {"S100": N, "Melan-A": N}),
    ("Negative status of the node was confirmed by keratin immunostain.", {"Pan-cytokeratin": N}),
    ("Keratin stain is performed on nodes 1 and 2 is negative for metastatic carcinoma.", {"Pan-cytokeratin": N}),
    # repair proteins, HER2, Ki-67
    ("No loss of nuclear expression of mismatch repair proteins: MLH1, MSH2, MSH6 and PMS2.",
     {"MLH1": R, "MSH2": R, "MSH6": R, "PMS2": R}),
    ("MLH1: Intact nuclear expression. PMS2: Loss of nuclear expression.", {"MLH1": R, "PMS2": "lost"}),
    ("There is weak p53 staining, no loss of DPC4.", {"p53": P, "SMAD4": R}),
    ("HER2 overexpression is not identified.", {"HER2": N}),
    ("HER2: not over expressed", {"HER2": N}),
    ("HER2/neu: 0.", {"HER2": N}),
    ("HER2 by IHC: 2+ (equivocal). FISH: not amplified.", {"HER2": "equivocal"}),
    ("Estrogen Receptor (Clone SP1): Positive (100%). PgR 636: Positive.", {"ER": P, "PR": P}),
    ("Estrogen receptor activity was judged to be positive.", {"ER": P}),
    ("Ki-67; High (40%)", {"Ki-67": "40 %"}),
    ("The MIB-1 LI is 2.8%.", {"Ki-67": "2.8 %"}),
    ("The proliferation fraction is 12% on Ki-67 stains.", {"Ki-67": "12 %"}),
    ("The index is estimated at above 90% by Ki-67 labeling.", {"Ki-67": "above 90 %"}),
    ("HER2 STUDIES: Performed on another specimen. Specimen (accession number): Positive (Score 3+).", {"HER2": P}),
    ("ESTROGEN RECEPTOR: Performed on another specimen. Results: No immunoreactive tumor cells present.", {"ER": N}),
    # verbs, and stains that others stand beside
    ("The cytokeratin strongly stained the malignant cells.", {"Pan-cytokeratin": P}),
    ("The cells are staining with c-kit.", {"CD117": P}),
    ("Stains show a diffuse pattern of CA IX expression, and CK7 is negative.", {"CA9": P, "CK7": N}),
    ("A CD34 stain was performed with adequate controls on slide E6 and shows no evidence of invasion.", {"CD34": N}),
    ("Treatment: If yes, type of treatment seen: Comments: vimentin+, CK7+", {"Vimentin": P, "CK7": P}),
    ("The tumor is negative for melanocytic markers (S100, HMB-45).", {"S100": N, "HMB-45": N}),
    ("Mesothelial markers (calretinin, WT-1) are positive, adenocarcinoma markers (CEA, MOC-31) are negative.",
     {"Calretinin": P, "WT1": P, "CEA": N, "BerEP4": N}),
    ("CD20 is positive in large cells; CD3 stains reactive T-cells.", {"CD20": P}),
    ("Oestrogen receptor: Allred 8 (positive), H-score 280.", {"ER": P}),
    ("p53 overexpression is present.", {"p53": P}),
    ("CK7 and CK20 do not stain the tumor.", {"CK7": N, "CK20": N}),
    ("No expression of mutant IDH1 is detected.", {"IDH1 R132H": N}),
    ("AFB stain: No acid fast organisms identified.", {"Ziehl-Neelsen": N}),
    ("No acid-fast bacilli or fungal organisms are identified with AFB and GMS stains.",
     {"Ziehl-Neelsen": N, "GMS": N}),
    ("D2-40 shows no lymphatic invasion.", {"D2-40": N}),
    # special stains
    ("Special stains (GMS, AFB) reveal no organisms.", {"GMS": N, "Ziehl-Neelsen": N}),
    ("AFB and GMS stains were done. No organisms are seen.", {"GMS": N, "Ziehl-Neelsen": N}),
    ("Negative for organisms on acid fast and fungal stains.", {"Ziehl-Neelsen": N}),
    ("Congo red stain for amyloid is negative.", {"Congo red": N}),
    ("No Helicobacter pylori are identified on immunostain.", {"Helicobacter pylori": N}),
    ("Cresyl violet reveals no H. pylori.", {"Cresyl violet": N}),
    # the sentence before names it
    ("CK7 and PAX-8 were performed and all four stains are positive.", {"CK7": P, "PAX8": P}),
    ("A stain for synaptophysin was performed. Controls are adequate. The tumor cells are negative.",
     {"Synaptophysin": N}),
    ("A section was stained for TTF-1. The tumor cells reveal weak to moderate nuclear positivity.", {"TTF-1": P}),
    ("A section was stained for TTF-1. These cells, in clusters, are negative by this stain.", {"TTF-1": N}),
    ("HER2 protein stained with HercepTest. Negative reaction in cancerous cells (Score = 1+).", {"HER2": N}),
    ("HER2 protein was stained. Score = 2+, FISH follows.", {"HER2": "equivocal"}),
    ("SYNOPTIC REPORT: HER-2 RESULTS. Block Number: A1. Interpretation: EQUIVOCAL. Intensity: 2+.",
     {"HER2": "equivocal"}),
    ("Keratin was stained. However, no micrometastases are noted.", {"Pan-cytokeratin": N}),
    ("ER (80%) and PR (40%) are seen. Therefore, both are interpreted as positive.",
     {"ER": "80 %/positive", "PR": "40 %/positive"}),
]  # fmt: skip
NONE = [
    "EGFR mutation: negative. ALK FISH is negative.",
    "Positive for polysomy 7/EGFR.",
    "SMA margin: negative for carcinoma.",
    "Special Stain. ER-C. HER2-. NEG CONT. NEG-HER2. IMM RECUT.",
    "CD31 stain is not interpretable. Thyroglobulin is noncontributory.",
    "S-100 highlights normal adipocytes. CD138 highlights plasma cells.",
    "Trials had patients with HER2-positive breast cancer.",
    "ER. Negative < 6.5 Positive >= 6.5",
    "CK7, CK20 and CDX2 were performed on part A.",
    "Hepatocytes are positive (3+).",
    "This was shown to help when the. protein PTEN is intact.",
    "Percentage of cells with four copies of EGFR: 10%.",
    "REFERENCE RANGES: ER/PR; Negative <1%, Positive >=1%. Ki-67; Low <10%, High >20%.",
    "NODE METASTASIS: ONLY KERATIN POSITIVE CELLS ARE PRESENT: No.",
    "C-erbB-2 antibody was used without antigen retrieval.",
    "The liver is normal. Trichrome and reticulin were done.",
]


def verdicts(text: str) -> dict[str, str]:
    """By marker its verdict, or its number where it has none; both of them where there are two."""
    found: dict[str, set[str]] = {}
    for one in results_in(text):
        found.setdefault(one.stain.name, set()).add(one.verdict or one.detail)
    return {name: "/".join(sorted(said)) for name, said in found.items()}


@pytest.mark.parametrize(("text", "results"), WORDINGS)
def test_wordings(text: str, results: dict[str, str]) -> None:
    """Each marker has the one verdict, or the number where there is none."""
    assert verdicts(text) == results


@pytest.mark.parametrize(("text", "results"), WORDINGS)
def test_a_full_stop_at_the_end_of_a_line(text: str, results: dict[str, str]) -> None:
    """Cleaned reports end lines, and these sentences, with a full stop: nearly all results are read all the same."""
    gaps = [gap.start() for gap in re.finditer(r"(?<=[\w,]) (?=[a-z])", text)]
    read = [verdicts(f"{text[:at]}. {text[at + 1 :]}") == results for at in gaps]

    assert sum(read) >= len(read) - 1 - len(read) // 5


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_result(text: str) -> None:
    """Tests of genes, arteries, tables of orders, what cannot be judged, literature, what healthy cells show."""
    assert verdicts(text) == {}
