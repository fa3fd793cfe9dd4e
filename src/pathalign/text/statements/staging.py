"""Stages in words of a report: pT, pN, pM, and the T stage that a report states."""

from __future__ import annotations

import re
from dataclasses import dataclass

# "I" and "l" for 1, "O" and "o" for 0: OCR reads a digit between letters as a letter.
_DIGIT = {"i": "1", "l": "1", "|": "1", "o": "0", "q": "0", "s": "5", "z": "2"}
_T = re.compile(
    r"(?<![A-Za-z0-9+-])(?P<prefix>[yra]{0,2}\s?[pP]|[yY][pc]?)?\s?\(?[T]\)?\s?[-:=]?\s?\(?\s?"
    r"(?P<value>[0-4](?!\d|\.\d|\s?[xX]\s?\d|/)|[1IlO|](?=[a-d]?\b)|[iI][sS]\b|[xX]\b|"
    r"a\b)(?P<letter>\s?\(?[a-dA-D](?![A-Za-z])|[iI]{1,3}\b)?",
)
_HINT = re.compile(r"[pPyY]\s?\(?T|T\s?\(?[0-4ixXI]|\b[Tt] ?(?:stage|category|classification)|(?i:primary tumou?r)")
_WORDS = re.compile(
    r"\bp?\s?t[ -](?:stage|category|classification|staging)\b[^:=.\n]{0,30}[:=]\s*\(?p?t?\s?(?P<value>[0-4]|is|"
    r"x)(?P<letter>[a-d](?![a-z]))?",
    re.IGNORECASE,
)
_CODES = re.compile(
    r"(?<![A-Za-z0-9])(?:[yra]{0,2}p\s?)?(?:T\s?(?:[0-4](?!\d)|is|x|X|"
    r"[IlO](?=[a-d]?\s?[,;(pN]))[a-d]?(?:\([a-z0-9]+\))?\s?[,;/]?\s?(?:\([^)]{0,12}\))?\s?p?\s?N\s?[0-3xXOo])"
    r"|(?<![A-Za-z0-9])[yra]{0,2}p\s?\(?[TNM]\)?\s?[:=-]?\s?\(?(?:[0-4](?!\d)|[xXOoiIl]\b|[iI][sS]\b|[xXOo][,;. (]|"
    r"[0-4xXOo][a-d])"
    r"|\b(?:T[0-4][a-d]?|N[0-3xX][a-c]?|M[01xX])\b(?=[\s,;.)]|$)"
)
_CODE_HINT = re.compile(r"(?:^|[^A-Za-z])[yra]{0,2}[pP]?\s?\(?[TNM]\)?[\s:=-]{0,2}\(?[0-4xXOoiIl]")
_STAGE = re.compile(
    r"\b(?:tnm|ptnm|ajcc|uicc|figo stage|(?:pathologic(?:al)?|tumou?r|clinical|overall|anatomic|dukes'?|"
    r"clinicopathologic) stag\w+|stage(?: group\w*)?\s?[:=]?\s?\(?(?:[iv1-4]{1,4}[abc]?\b|p?t\d)|"
    r"stage of tumou?r|[tnm] stage|(?:pt|pn|pm)\b|staging|dukes)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One T stage as it is written; offsets are characters of the text."""

    value: str
    """"0" to "4", "is", "X" or "a"."""
    letter: str
    """"a" to "d" or ""."""
    pathologic: bool
    """Written with a "p"."""
    start: int
    end: int

    @property
    def code(self) -> str:
        """As in "pT2a"."""
        return f"{'p' if self.pathologic else ''}T{self.value}{self.letter}"


def is_staging(text: str) -> bool:
    """Whether a sentence states a stage, or names the field of one."""
    return (_CODE_HINT.search(text) is not None and _CODES.search(text) is not None) or _STAGE.search(text) is not None


def t_stages(text: str) -> tuple[Stage, ...]:
    """The T stages written in a text, in order."""
    return tuple(_stage(found) for found in _T.finditer(text))


def _stage(found: re.Match[str]) -> Stage:
    value = found["value"].lower()
    value = _DIGIT.get(value, value) if value != "is" else value
    letter = re.sub(r"[^a-d]", "", (found["letter"] or "").lower())
    return Stage(
        value="X" if value == "x" else value, letter=letter, pathologic="p" in (found["prefix"] or "").lower(),
        start=found.start(), end=found.end(),
    )  # fmt: skip
