"""The concepts that a text states: negated, past and doubtful mentions are none."""

from __future__ import annotations

from dataclasses import dataclass

from pathalign.text.concepts.lexicon import names_of_histology, site_of_procedure, terms_in
from pathalign.text.malignancy import stated_terms


@dataclass(frozen=True, kw_only=True, slots=True)
class Concepts:
    """What a text states, each in the order in which it is first said."""

    sites: tuple[str, ...]
    """ICD-O-3 topography, three characters: "C34"; also where only a procedure tells it."""
    procedures: tuple[str, ...]
    histologies: tuple[str, ...]
    """ICD-O-3 morphology with behaviour: "8140/3"; "8260/3 renal" is a kind that has no code of its own."""
    grades: tuple[str, ...]
    """"grade 2", "Gleason 3+4", "Fuhrman grade 3", "poorly differentiated"."""
    findings: tuple[str, ...]

    @property
    def site(self) -> str:
        """The first site, "" for none."""
        return self.sites[0] if self.sites else ""

    @property
    def histology(self) -> str:
        """The most malignant type that is stated, of equals the most specific and first; "" for none."""
        return min(self.histologies, key=lambda code: (-_rank(code), code[:6] in _GENERAL), default="")

    @property
    def histology_name(self) -> str:
        """Its name, "" for none."""
        return names_of_histology().get(self.histology, "")

    @property
    def behaviour(self) -> str:
        """The behaviour digit of `histology`: "0" benign, "1" uncertain, "2" in situ, "3" malignant; "" for none."""
        return self.histology[5:6]


_GENERAL = frozenset({"8000/0", "8000/3", "8010/3", "8010/2", "8140/0", "8140/3", "8800/3", "8312/3", "9590/3"})
"""Types that say no more than what kind of tumour it is."""


def concepts_of(text: str) -> Concepts:
    """The concepts that a text states; the longest words win ("tubular adenoma" is no "adenoma")."""
    terms = terms_in(text)
    stated = stated_terms(text, [(term.start, term.end) for term in terms])
    said: dict[str, dict[str, None]] = {}
    for term, holds in zip(terms, stated, strict=True):
        if holds:
            said.setdefault(term.meaning.kind, {})[term.meaning.value] = None
            if term.meaning.kind == "procedure" and (site := site_of_procedure(term.meaning.value)):
                said.setdefault("site", {})[site] = None
    return Concepts(
        sites=tuple(said.get("site", ())), procedures=tuple(said.get("procedure", ())),
        histologies=tuple(said.get("histology", ())), grades=tuple(said.get("grade", ())),
        findings=tuple(said.get("finding", ())),
    )  # fmt: skip


def _rank(code: str) -> int:
    return int(code[5:6])
