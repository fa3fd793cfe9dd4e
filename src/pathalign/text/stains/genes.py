"""Results of a gene's test, which no stain shows; scores of HER2, and what they mean."""

from __future__ import annotations

import re

GENES = frozenset(
    (
        "EGFR", "EGFRvIII", "BRAF V600E", "ALK", "ROS1", "PTEN", "p53", "IDH1 R132H", "MDM2", "CDK4", "c-MYC", "BCL2",
        "BCL6", "NTRK", "NUT", "TFE3", "MLH1", "MSH2", "MSH6", "PMS2", "RB", "ATRX", "p16", "c-MET", "FGFR2",
        "FGFR3", "Cyclin D1", "CD117", "PDGFRA", "SS18-SSX", "FLI-1", "ERG", "MGMT",
    )
)  # fmt: skip
"""Markers whose genes are tested, too."""
_OF_GENE = re.compile(
    r"\b(?:mutation(?:s|al)?|mutated|sequenc\w{1,6}|polysomy|monosomy|rearrange\w{1,6}|amplif\w{1,8}|[KN]-?RAS|exons?|codons?|"
    r"PCR|FISH|genes?|chromosom\w{1,4}|copy number|translocations?|fusions?|deletions?|"
    r"methylat\w{1,4}|signals?|copies of)\b",
    re.IGNORECASE,
)
_OF_PROTEIN = re.compile(r"\b(?:immun\w+|IHC|stain\w*|protein|antibod\w+|expression)\b", re.IGNORECASE)


def is_of_gene(text: str, start: int, end: int) -> bool:
    """Whether a clause tells of tests of genes, and of no stain."""
    return _OF_GENE.search(text, start, end) is not None and _OF_PROTEIN.search(text, start, end) is None


_GENE = re.compile(
    r"(?:[^\w.;,]{1,3}\w{1,14}){0,3}?[^\w.;,]{1,3}(?:FISH|gene|amplif\w*|CEP)\b"
    r"|(?:[^\w.;,]{1,3}\w{1,14}){0,3}?[\s.]{1,3}by[\s.]{1,3}FISH\b",
    re.IGNORECASE,
)
_SCORES = {"0": "negative", "zero": "negative", "1": "negative", "2": "equivocal", "3": "positive"}


def is_by_gene(text: str, at: int, end: int) -> bool:
    """Whether what is said of HER2 after a place is said of its gene, by FISH, which no immunostain shows."""
    return _GENE.match(text, at, end) is not None


def score_verdict(score: str) -> str:
    """What the score of HER2 alone means: 0 and 1+ negative, 2+ equivocal, 3+ positive; "" for anything else."""
    if "%" in score or not (score.endswith("+") or "score" in score.casefold()):
        return ""
    verdicts = {_SCORES[part] for part in re.findall(r"zero|[0-3]", score)}
    return verdicts.pop() if len(verdicts) == 1 else ""


_BARE = re.compile(
    r"\)?(?:\s?\([^()]{0,24}\))?(?:\s(?:by\s)?(?:ihc|immuno\w{1,20}|score|protein|expression|status|result))*"
    r"\s?[:=]\s?(?P<score>[0-3])(?:\s?/\s?3)?\s?\+?(?![\d%/]|\.\d)",
    re.IGNORECASE,
)


def bare_score(text: str, at: int, end: int) -> str:
    """The score of HER2 that stands behind its name without a sign, as "1+"; "" for none."""
    found = _BARE.match(text, at, end)
    return f"{found['score']}+" if found else ""
