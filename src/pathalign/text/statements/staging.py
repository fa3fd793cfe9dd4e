"""Stages in the words of a report: where a sentence states one, and the T stage that a report states.

OCR reads "0" as "O" and "1" as "l" or "I"; both are read as meant, where a letter cannot be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LETTER_DIGIT = {"i": "1", "l": "1", "|": "1", "o": "0"}
_PREFIX = r"(?:(?:[yra]{1,2}\s?)?[pP]|[yY][pc]?)"
_T = re.compile(
    rf"(?:(?<![A-Za-z0-9+-])|(?<=AJCC))(?P<prefix>{_PREFIX})\s?\(?T\)?(?:\s?stage)?\s?[-:=;.]?\s?\(?\s?(?:p\s?T\s?)?"
    r"(?P<value>[0-4](?![\d]|[./]\d|\s?[xX]\s?\d)|[IlO|](?=[a-d]?(?:\b|N|p))|i(?=[a-d]\b)|[iI][sS](?![A-Za-z])|"
    r"[xX](?![A-Za-z])|a(?![a-z]))"
    r"(?P<letter>\s?\(?[a-dA-D](?![A-Za-z]))?"
)
# Without a "p" a T is a stage only beside an N, or after the word.
_BARE_T = re.compile(
    r"(?<![A-Za-z0-9+-])T\s?(?P<value>[0-4l]|"
    r"is)(?P<letter>[a-dA-D])?(?=\s?(?:\([^)]{0,12}\))?\s?[,;/.]?\s?p?\s?N\s?[0-3xXOo])"
    r"|(?i:stag\w{1,3}\W{1,3}(?:is |of )?|\(p?t(?:nm)?\)\s?:\s?|pathological t\.\s|(?:tumou?r extent|"
    r"extent of invasion|extension)\s?:\s)"
    r"T\s?(?P<staged>[0-4])(?P<sub>[a-d])?(?!\d|\.\d)"
)
_CODE = re.compile(
    rf"(?<![A-Za-z0-9]){_PREFIX}\s?\(?[TNM]\)?\s?[:=-]?\s?\(?(?:[0-4](?![\d/])|[xXoOiIl][a-d]?(?![a-z])|[iI][sS]\b)"
    r"|(?<![A-Za-z0-9-])T\s?(?:[0-4](?!\d)|is|[xX])[a-d]?\s?(?:\([^)]{0,12}\))?\s?[,;/]?\s?p?\s?N\s?[0-3xXOo]"
    r"|(?<![A-Za-z0-9-])(?:(?:T[0-4][a-d]?|N[0-3xX][a-c]?|M[01xX])(?=[\s,;.)]|$)(?!-)|"
    r"N[Oo](?:(?<=\(..)(?=\))|(?=\W{1,2}p?M[01xXOol]\b)))"
)
_CODE_HINT = re.compile(r"[TNM]\)?[\s:=-]{0,2}\(?[0-4xXOoiIl]")
_WORDS = re.compile(
    r"\b(?:p?tnm|ajcc|uicc|figo stage|(?:pathologic(?:al)?|tumou?r|clinical|overall|anatomic|dukes'?|"
    r"clinicopathologic) "
    r"stag\w+|stage(?: group\w*)?\s?[:=]?\s?\(?(?:[iv]{1,3}[abc]?\b(?! fibrosis)|"
    r"[1-4][abc]?\b(?!\)| fibrosis|(?:\s?-\s?\d)?,? ?(?:/|of|out of) ?\(?\d)|p?t\d)|"
    r"residual tumou?r\W+(?:\(r\)\W+)?r[0-2x]\b|"
    r"stage of tumou?r|[tnm][ -](?:stage|classification|category)|stage groupings?|dukes'?|stage, pathologic|"
    r"multiple primary tumou?rs?|masaoka|"
    r"ann arbor|"
    r"astler[- ]coller|robson|jewett|whitmore|enneking|bclc)\b",
    re.IGNORECASE,
)
_STAGE_HINT = (
    "stag",
    "tnm",
    "ajcc",
    "uicc",
    "dukes",
    "multiple primary",
    "masaoka",
    "arbor",
    "coller",
    "robson",
    "jewett",
    "whitmore",
    "enneking",
    "bclc",
    "classif",
    "category",
    "residual",
)
_LABELLED = re.compile(
    r"\b(?:p?\s?t[ -](?:stage|category|classification|staging)|primary tumou?r)\b[^:=.\n]{0,30}[:=]\s*\(?\s?p?t?\s?"
    r"(?P<value>[0-4]|is|x)(?![\d.])(?P<letter>[a-d](?![a-z]))?",
    re.IGNORECASE,
)
_RANK = ("is", "0", "1", "2", "3", "4")


@dataclass(frozen=True, kw_only=True, slots=True)
class TStage:
    """A T stage as a report writes it; offsets are characters of the text."""

    value: str
    """"0" to "4", "is", "a" or "X"."""
    letter: str
    """"a" to "d", or "" for none."""
    pathologic: bool
    """Written with a "p", or in a field that says so."""
    start: int
    end: int

    @property
    def code(self) -> str:
        """As it is usually written: "pT2a"."""
        return f"{'p' if self.pathologic else ''}T{self.value}{self.letter}"


def is_staging(text: str) -> bool:
    """Whether a sentence states a stage, or names the field of one."""
    if has_code(text):
        return True
    low = text.lower()
    return any(map(low.__contains__, _STAGE_HINT)) and _WORDS.search(low) is not None


def has_code(text: str) -> bool:
    """Whether a sentence holds the code of a stage, as "pT2"."""
    return _CODE_HINT.search(text) is not None and _CODE.search(text) is not None


def code_at(text: str) -> int:
    """Where the first stage of a sentence stands, or the words that announce one; its length for none."""
    starts = [found.start() for found in (_CODE.search(text), _WORDS.search(text)) if found]
    return min(starts, default=len(text))


def without_codes(text: str) -> str:
    """A sentence without its codes of stages, whose "NO" is N0 and no denial."""
    return _CODE.sub(" ", text).replace(",NO", " ")


def t_stages(text: str) -> tuple[TStage, ...]:
    """The T stages that a text states, in order; those of clinicians ("cT2") are left out."""
    found = [_stage(match, "value", "letter", pathologic=True) for match in _T.finditer(text)]
    found += [_stage(match, "value", "letter", pathologic=True) for match in _LABELLED.finditer(text)]
    for match in _BARE_T.finditer(text):
        names = ("value", "letter") if match["value"] else ("staged", "sub")
        found.append(_stage(match, *names, pathologic=False))
    return tuple(sorted(found, key=lambda stage: stage.start))


def pathologic_t(text: str) -> TStage | None:
    """The T stage of a report: the highest that pathologists state in its last word on it; None when none is stated.

    Codes with a "p" win over bare ones. X states nothing.
    """
    stages = [stage for stage in t_stages(text) if stage.value not in ("X", "a")]
    stages = [stage for stage in stages if stage.pathologic] or stages
    return max(stages, key=lambda stage: (_RANK.index(stage.value), stage.letter), default=None)


def _stage(match: re.Match[str], value_name: str, letter_name: str, *, pathologic: bool) -> TStage:
    value = match[value_name].lower()
    return TStage(
        value="X" if value == "x" else _LETTER_DIGIT.get(value, value),
        letter=re.sub(r"[^a-d]", "", (match[letter_name] or "").lower()), pathologic=pathologic,
        start=match.start(), end=match.end(),
    )  # fmt: skip
