"""The organ that a part's header names, in one word that laterality, subsite and procedure do not change."""

from __future__ import annotations

import re
from functools import lru_cache

# Canonical name -> nouns that mean it, then adjectives and procedures that imply it when no noun is there.
_NOUNS = {
    "Lymph node": "lymph nodes?|sentinel nodes?|sln|nodes?|nodal",
    "Lung": "lungs?|bronchus|lingula|rul|rml|rll|lul|lll",
    "Colon": "colon|cecum|caecum|sigmoid|rectosigmoid|hepatic flexure|splenic flexure|large (?:bowel|intestine)|bowel",
    "Rectum": "rectum|rectal",
    "Appendix": "appendix",
    "Small intestine": "small (?:bowel|intestine)|ileum|jejunum|duodenum|terminal ileum",
    "Stomach": "stomach|pylorus|antrum",
    "Esophagus": "o?esophagus",
    "Gastroesophageal junction": "gastro-?o?esophageal junction|ge junction",
    "Liver": "liver",
    "Gallbladder": "gall ?bladder",
    "Bile duct": "bile duct|common duct",
    "Pancreas": "pancreas|ampulla",
    "Spleen": "spleen",
    "Breast": "breasts?|nipple",
    "Skin": "skin",
    "Prostate": "prostate|prostate gland",
    "Seminal vesicle": "seminal vesicles?",
    "Kidney": "kidneys?",
    "Renal pelvis": "renal pelvis",
    "Ureter": "ureters?",
    "Urinary bladder": "(?:urinary )?bladder",
    "Urethra": "urethra",
    "Adrenal gland": "adrenals?(?: glands?)?",
    "Thyroid": "thyroid",
    "Parathyroid": "parathyroids?",
    "Thymus": "thymus",
    "Pleura": "pleura",
    "Mediastinum": "mediastinum|mediastinal mass",
    "Uterus": "uterus|myometrium",
    "Endometrium": "endometrium",
    "Cervix": "cervix",
    "Vagina": "vagina",
    "Vulva": "vulva",
    "Ovary": "ovary|ovaries|adnexa",
    "Fallopian tube": "fallopian tubes?",
    "Placenta": "placenta",
    "Testis": "testis|testes|testicle",
    "Penis": "penis",
    "Omentum": "omentum",
    "Peritoneum": "peritoneum",
    "Larynx": "larynx|vocal cords?|vocal folds?|epiglottis",
    "Pharynx": "pharynx|oropharynx|hypopharynx|nasopharynx|tonsils?",
    "Tongue": "tongue",
    "Oral cavity": "oral cavity|floor of mouth|mandible|gingiva|palate|buccal mucosa|lips?|maxilla|alveolar ridge",
    "Nose": "nose|nasal cavity|sinus",
    "Salivary gland": "parotid(?: gland)?|submandibular gland|salivary gland",
    "Brain": "brain|cerebellum|temporal lobe|frontal lobe|parietal lobe|occipital lobe",
    "Eye": "eye|eyeball|choroid|orbit",
    "Bone marrow": "bone marrow",
    "Bone": "bone|ribs?|femur|vertebra",
    "Soft tissue": "soft tissues?|retroperitoneum|retroperitoneal mass|thigh|muscle",
}
_IMPLIED = {
    "Lung": "lobectomy|pneumonectomy|bronchial|(?:right|left) (?:upper|lower|middle) lobe|pulmonary",
    "Colon": r"\w*colectomy|colonic|ascending|transverse|descending",
    "Rectum": "abdominoperineal resection|low anterior resection",
    "Stomach": "gastrectomy|gastric",
    "Esophagus": "o?esophagectomy|o?esophageal",
    "Liver": "hepatectomy|hepatic",
    "Gallbladder": "cholecystectomy",
    "Pancreas": "pancreatectomy|whipple|pancreatic|pancreaticoduodenectomy",
    "Spleen": "splenectomy",
    "Breast": "mastectomy|lumpectomy",
    "Prostate": "prostatectomy|prostatic",
    "Kidney": "nephrectomy|renal|perinephric",
    "Urinary bladder": "cystectomy|cystoprostatectomy|vesical|turbt",
    "Thyroid": "thyroidectomy",
    "Uterus": "hysterectomy|uterine",
    "Endometrium": "endometrial",
    "Cervix": "cervical cone|leep|endocervical|ectocervical",
    "Ovary": "oophorectomy|ovarian",
    "Testis": "orchiectomy|orchidectomy|testicular",
    "Lymph node": "lymphadenectomy|(?:neck|axillary|node) dissection|axillary (?:contents|tail)",
    "Larynx": "laryngectomy|laryngeal",
    "Tongue": "glossectomy",
    "Brain": "craniotomy|cerebral|intracranial",
    "Eye": "enucleation",
    "Omentum": "omentectomy|omental",
    "Appendix": "appendectomy",
}


def _finder(words: dict[str, str]) -> re.Pattern[str]:
    """The same words without their names: told faster, since most headers hold none of them."""
    return re.compile(rf"\b(?:{'|'.join(words.values())})\b")


def _matcher(words: dict[str, str]) -> re.Pattern[str]:
    named = "|".join(f"(?P<o{number}>{pattern})" for number, pattern in enumerate(words.values()))
    return re.compile(rf"\b(?:{named})\b")


_TABLES = tuple((_finder(words), _matcher(words), tuple(words)) for words in (_NOUNS, _IMPLIED))
_NODE_OF = re.compile(r"^[^,;:&]{0,40}?\b(?:lymph nodes?|nodes?)\b", re.IGNORECASE)


@lru_cache(maxsize=256)
def organ_of(header: str) -> str:
    """The organ of a header in sentence case ("COLON, SIGMOID, BIOPSY" -> "Colon"); "" when none can be told.

    The first organ named wins, save that a node is a node whatever it lies beside ("peribronchial lymph node, lung",
    "lung lymph node") and that the bladder of the gall is no urinary bladder.
    """
    header = header.lower()
    for finder, pattern, names in _TABLES:
        found = finder.search(header)
        if found and (match := pattern.match(header, found.start())):
            name = names[int((match.lastgroup or "o0")[1:])]
            beside = _NODE_OF.match(header[match.end() :])
            if beside and not re.search(r"\b(?:and|with)\b", beside[0], re.IGNORECASE):
                return "Lymph node"
            return name
    return ""
