"""Words by which the histology of a TCGA cancer type is known, as pathologists write them."""

from __future__ import annotations

import re

_RENAL = r"renal cell|renal carcinoma|clear cell|chromophobe|papillary|oncocytic"
_BOWEL = (
    r"adenocarcinoma|mucinous|signet|carcinoma of (?:the )?(?:colon|rectum|rectosigmoid)|colo(?:n|rectal) carcinoma"
)
_GLIOMA = r"glioblastoma|gliosarcoma|astrocytoma|oligodendro\w+|oligoastrocytoma|glioma|glial"
HISTOLOGY = {
    "ACC": r"adreno?-?\s?cortical|adrenal cortical",
    "BLCA": r"urothelial|transitional cell|squamous|adenocarcinoma",
    "BRCA": r"(?:ductal|lobular|mammary|medullary|mucinous|metaplastic|papillary|apocrine|tubular|breast)[^.]{0,60}"
    r"carcinoma|"
    r"carcinoma[^.]{0,60}(?:ductal|lobular|mammary|breast)|adenocarcinoma|dcis|lcis",
    "CESC": r"squamous|adenocarcinoma|adenosquamous",
    "CHOL": r"cholangio\w*|bile duct|adenocarcinoma",
    "COAD": _BOWEL,
    "DLBC": r"lymphoma",
    "ESCA": r"squamous|adenocarcinoma",
    "GBM": _GLIOMA,
    "HNSC": r"squamous",
    "KICH": _RENAL,
    "KIRC": _RENAL,
    "KIRP": _RENAL,
    "LAML": r"leuka?emia",
    "LGG": _GLIOMA,
    "LIHC": r"hepatocellular|hepatoma|liver cell",
    "LUAD": r"adenocarcinoma|bronch\w*\W?alveolar|acinar|large cell|adenosquamous",
    "LUSC": r"squamous",
    "MESO": r"mesothelioma",
    "OV": r"serous|ovarian|papillary",
    "PAAD": r"adenocarcinoma|ductal|neuroendocrine|pancrea\w+ carcinoma",
    "PCPG": r"pha?eochromocytoma|paraganglioma",
    "PRAD": r"adenocarcinoma|gleason|acinar",
    "READ": _BOWEL,
    "SARC": r"sarcoma|fibrous histiocytoma|sarcomatous",
    "SKCM": r"melanoma",
    "STAD": r"adenocarcinoma|signet|(?:gastric|diffuse|intestinal)[^.]{0,40}carcinoma|"
    r"carcinoma[^.]{0,40}(?:diffuse|intestinal)",
    "TGCT": r"seminoma|germ cell|embryonal|teratoma|yolk sac|choriocarcinoma",
    "THCA": r"(?:papillary|follicular|thyroid|h[uü]rthle)[^.]{0,60}carcinoma|carcinoma[^.]{0,60}follicular|papillary",
    "THYM": r"thymoma|thymic carcinoma",
    "UCEC": r"endometri\w+|serous|adenocarcinoma|clear cell",
    "UCS": r"carcinosarcoma|m[uü]llerian|mmmt",
    "UVM": r"melanoma",
}
_PATTERNS = {code: re.compile(words, re.IGNORECASE) for code, words in HISTOLOGY.items()}


def says_cancer(code: str, text: str) -> bool:
    """Whether a text names the histology of a cancer type; raises `KeyError` for an unknown type."""
    return _PATTERNS[code].search(text) is not None
