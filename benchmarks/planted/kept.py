"""What must stay in reports as they are: medical terms, codes and eponyms, and how many of them were taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from pathalign.text.deidentification.deidentifier import find_identifiers

TERMS = re.compile(
    r"\b(?:\w*(?:carcinoma|sarcoma|melanoma|lymphoma|glioma|adenoma|oma)s?|\w+(?:itis|ectomy|plasia|osis)|tumou?rs?|lymph|nodes?|"
    r"margins?|invasi\w+|metasta\w+|necrosis|mitos\w+|atypia|grade|differentiated|biops\w+|resection|excision|tissue|kidney|lung|"
    r"breast|colon|liver|prostate|thyroid|uterus|ovar\w+|brain|skin|stomach|bladder|pancrea\w+|esophag\w+|spleen|adrenal|cervix|"
    r"right|left|anterior|posterior|lateral|medial|superior|inferior|cassettes?|sections?|specimen|formalin|stain\w*|positive|"
    r"negative|benign|malignan\w+|nuclear|tubul\w+|duct\w*|lobul\w+|squamous|papillary|follicular|clear|cells?|stroma\w*|fibro\w+|"
    r"vascular|perineural|[yr]?p?T[0-4X][a-d]?|p?N[0-3X][a-c]?|\d+(?:\.\d+)? ?[cm]m|[A-H]\d{1,2}|[TM]-\d{5})\b",
    re.IGNORECASE,
)
"""Medical terms, stage codes, sizes, blocks and SNOMED codes, whatever their case."""
NAMESAKES = re.compile(
    r"\b(?:gleason|nottingham|fuhrman|barrett|paget|hodgkin|bloom|richardson|scarff|breslow|clark|ewing|kaposi|warthin|lynch|"
    r"krukenberg|brenner|sertoli|leydig|wilms|merkel|bowen|spitz|burkitt|crohn|hashimoto|graves|cushing|whipple|hartmann|mohs|"
    r"masson|giemsa|congo|gerota|glisson|lauren|edmondson|steiner|bouin|papanicolaou|langerhans|schwann|paneth|peyer|brunner|"
    r"virchow|fallopian|mullerian|borrmann|ki-67|starry|lewis|epstein|peutz|jeghers|cowden|gardner|wilson|ziehl|neelsen|gomori|"
    r"grocott|reed|sternberg|bartholin|cowper|kupffer|fraumeni)\b",
    re.IGNORECASE,
)  # fmt: skip


def measure_kept(reports: Iterable[str]) -> dict:
    """Medical terms and eponyms of the reports as they are, and how many of them were taken out."""
    counts = Counter()
    for text in reports:
        covered = bytearray(len(text))
        for finding in find_identifiers(text):
            covered[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
            counts["characters removed"] += finding.end - finding.start
        counts["characters"] += len(text)
        for name, pattern in (("terms", TERMS), ("eponyms", NAMESAKES)):
            for match in pattern.finditer(text):
                counts[name] += 1
                counts[f"{name} removed"] += any(covered[match.start() : match.end()])
    wrong = (counts["terms removed"] + counts["eponyms removed"]) / (counts["terms"] + counts["eponyms"])
    return dict(counts) | {"wrong": round(wrong, 5)}
