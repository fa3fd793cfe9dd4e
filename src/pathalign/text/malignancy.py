"""Whether a text says that a malignant tumour is there, aware of negation, history and doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

# All patterns are for text in small letters.
_MALIGNANT = re.compile(
    r"\b(?:\w*(?:carcinoma|sarcoma|melanoma|blastoma|glioma)s?|carcinomatosis|lymphomas?|leuka?emias?|"
    r"malignan(?:t|cy|cies)|cancer(?:s|ous)?|metasta(?:sis|ses|tic)|astrocytomas?|(?:non-?)?seminomas?|mesotheliomas?|"
    r"myelomas?|carcinoids?|thymomas?|germ cell tumou?rs?|neuroendocrine tumou?rs?|gastrointestinal stromal tumou?rs?|"
    r"in[ -]situ|dcis|lcis|hsil|(?:severe|high[- ]grade) (?:\w+ ){0,2}(?:dysplasia|intraepithelial lesion)|"
    r"paget'?s disease|carcinomatous|sarcomatoid)\b",
)
# "Tumour" alone may be anything; these forms state that it is there.
_PRESENT = re.compile(
    r"\b(?:positive for|involved by|infiltrated by|involvement by) (?:\w+ ){0,2}(?:tumou?r|neoplas\w+)\b"
    r"|(?<![\d.])[1-9]\d* (?:of|out of) (?:\w+ ){0,2}?\d+ (?:\w+ ){0,3}nodes?\b[^.;]{0,20}\bpositive\b",
)
_TUMOUR = (
    r"(?:tumou?rs?|neoplas\w+|malignan\w+|\w*(?:carcinoma|sarcoma|melanoma|lymphoma)s?|disease|lesions?|dysplasia|"
    r"metasta\w+|cancer)"
)
_ZERO_COUNT = r"(?<![\d.+])(?:0|zero|none)\s*(?:/|of|out of)\s*(?:the )?\w+"
_BENIGN = re.compile(
    r"\b(?:benign|normal|unremarkable|hyperplas\w+|\w*(?:adenomas?|lipomas?|itis)|na?evus|na?evi|polyps?|leiomyomas?|"
    r"oncocytomas?|ha?emangiomas?|cysts?|inflammation|fibrosis|seborrh?eic keratosis|papillomas?|"
    r"(?:no|without) (?:significant |specific |diagnostic )*(?:patholog\w+|histolog\w+|alterations?|abnormalit\w+))\b",
)
_DENYING = ("no", "neg", "free", "absen", "uninvolved", "devoid", "0", "zero", "without")
_DENIAL = re.compile(
    r"\b(?:no|without|negative for|absence of|free of|free from|uninvolved by|devoid of)\b[^.;]{0,60}?"
    rf"\b{_TUMOUR}\b|\b{_TUMOUR}\b[^.;]{{0,20}}?\b(?:not (?:identified|seen|present|found|detected)|absent|negative)\b"
    rf"|^\W*negative\W*$|{_ZERO_COUNT}[^.;]{{0,40}}\bnodes?\b",
)

_NEGATION = re.compile(
    r"\b(?:no(?! special)|not(?! otherwise)|without|neg(?:ative)? (?:for|of)|absence of|free (?:of|from)|devoid of|"
    r"(?:un|non-?)involved by|lack(?:s|ing)?|neither|nor|rather than|exclud(?:es|ing)|fails? to|none|never)\b"
    rf"|{_ZERO_COUNT}|\b(?:non|pre)-?(?=malignan|neoplas|cancer)",
)
_PAST_OR_DOUBT = re.compile(
    r"\b(?:history of|hx of|h/o|status post|s/p|prior|previous(?:ly)?|treated|rule out|r/o|suspicious for|suspected|"
    r"cannot (?:be )?(?:exclude|rule out)|concern(?:ing)? for|possib(?:le|ly)|worrisome for|suggest\w* of|risk of)\b",
)
# What may stand between a term and the word that denies it: not another subject ("... with margins negative").
_DENIED_AFTER = re.compile(
    r"^\W*(?:(?!with\b|and\b|exten|inva|invol|show|margin|node)[^\s:]+\s+){0,5}?\W*"
    r"(?:not?\b(?! otherwise| special)|never\b|absent\b|negative\b|excluded\b|ruled out|cannot be\b|none\b|"
    rf"{_ZERO_COUNT})"
    rf"|^[^,;]{{0,40}}\W{_ZERO_COUNT}"
    r"|^(?:\s+\w+){0,4}\s*[:=]\s*(?:0|zero|none)\b(?!\s*[.,/]?\d)",  # "metastatic nodes: 0"
)
_SCOPE_BREAK = re.compile(
    r"\b(?:but|however|except|although|though|whereas|while|with(?= (?:invasive|metastatic)))\b", re.IGNORECASE
)
_SEGMENT = re.compile(r"[;.\s](?:(?<=[;\n])|(?<=\.)(?=\s|$)|(?<=\s)[-–•]\s)")
# A clause after a comma that states its own tumour ends the "no" of the clause before it.
_RESTART = re.compile(
    rf"^\s*(?:(?:focal|focally|invasive|infiltrating|metastatic|well|moderately|poorly)\b[^,]*\b{_TUMOUR}|"
    rf"[^,]*\b{_TUMOUR}\b[^,]*\b(?:present|identified|seen|involves|extends|invades))\b",
)
_COMMA = re.compile(r",(?!\d)")
_LATE_DENIAL = re.compile(
    r"\b(?:absent|cannot|ruled out|negative|uninvolved|consistent with|probabl[ey]|likely|favou?r\w*)\b"
)
_LIST_GOES_ON = re.compile(r"\b(?:or|nor)\b")
_REACH = 400
"""Characters around a term in which a word may deny it: without a bound, a long sentence of many terms takes hours."""
_MOST_INSERTIONS = 12
_LATE_PREDICATE = re.compile(rf"\s*(?:(?:is|are|was|were|not|absent|none|negative)\b|{_ZERO_COUNT})")


@lru_cache(maxsize=4096)
def is_malignant(text: str) -> bool | None:
    """Whether the text states a malignant tumour; None when it says nothing either way.

    In-situ carcinoma and high-grade dysplasia count as malignant, adenomas and inflammation as benign. One stated
    tumour outweighs any number of negative statements beside it ("adenocarcinoma; margins negative for carcinoma").
    Tumours of the past and mere suspicion ("suspicious for", "cannot exclude") state nothing.
    """
    denied = False
    for segment in _SEGMENT.split(text.lower()):
        denied = denied or _is_denial(segment) or _BENIGN.search(segment) is not None
        if not (_MALIGNANT.search(segment) or _PRESENT.search(segment)):
            continue
        for clause, inherits in _clauses(segment):
            for term in (*_MALIGNANT.finditer(clause), *_PRESENT.finditer(clause)):
                if inherits or _denied(clause, *term.span()):
                    denied = True
                elif not _past_or_doubtful(clause, *term.span()):
                    return True
    return False if denied else None


def are_malignant(findings: Iterable[str]) -> bool | None:
    """Whether any of several findings states a malignant tumour; None when none says anything either way.

    As of their text in one, and faster: reports repeat single findings, not all of them.
    """
    denied = False
    for finding in findings:
        verdict = is_malignant(finding)
        if verdict:
            return True
        denied = denied or verdict is False
    return False if denied else None


def _is_denial(segment: str) -> bool:
    """Whether a segment denies a tumour; most hold no word that could, which is cheap to tell."""
    return any(map(segment.__contains__, _DENYING)) and _DENIAL.search(segment) is not None


def stated_terms(text: str, terms: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether each term of a text, given by its offsets in order, is stated: not denied, of the past or in doubt."""
    text = text.lower()
    stated: list[bool] = []
    at = 0
    for start, end in _spans(_SEGMENT, text):
        if at >= len(terms) or terms[at][0] >= end:
            continue
        clauses = _clauses(text[start:end])
        for number, (first, last) in enumerate(_spans(_COMMA, text[start:end])):
            clause, inherits = clauses[number]
            while at < len(terms) and terms[at][0] < start + last:
                term = (max(0, terms[at][0] - start - first), min(terms[at][1] - start, last) - first)
                stated.append(not inherits and _is_stated(clause, *term))
                at += 1
    return stated + [True] * (len(terms) - len(stated))


def _is_stated(clause: str, start: int, end: int) -> bool:
    """Whether a term of a clause is stated, as far as the words around it tell."""
    begin = clause.find(" ", start - _REACH, start) + 1 if start > _REACH else 0
    near = clause[begin : end + _REACH]
    return not (_denied(near, start - begin, end - begin) or _past_or_doubtful(near, start - begin, end - begin))


def has_denial_or_doubt(text: str) -> bool:
    """Whether a text holds any word of negation, history or doubt, whatever it governs."""
    text = text.lower()
    return bool(_NEGATION.search(text) or _PAST_OR_DOUBT.search(text) or _LATE_DENIAL.search(text))


def _spans(cut: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """The pieces between the cuts of a text."""
    start = 0
    for found in cut.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)


def _clauses(segment: str) -> list[tuple[str, bool]]:
    """The comma clauses of a segment, each with whether a negation before its comma still holds in it.

    A negation is passed on through a list ("no dysplasia, carcinoma or ulcer"); a predicate that stands alone after a
    comma is joined to the clauses before it ("carcinoma, 3 mm, is not seen").
    """
    pieces = _COMMA.split(segment) if "," in segment else [segment]
    if len(pieces) == 1:
        return [(segment, False)]
    clauses: list[tuple[str, bool]] = []
    negated = False
    last_of_list = max((at for at, piece in enumerate(pieces) if _LIST_GOES_ON.search(piece)), default=-1)
    for at, piece in enumerate(pieces):
        negated = negated and (len(piece.split()) <= 3 or at <= last_of_list) and not _RESTART.match(piece)
        clauses.append((piece + _late_predicate(pieces[at + 1 : at + 1 + _MOST_INSERTIONS]), negated))
        cues = list(_NEGATION.finditer(piece))
        negated = (negated or bool(cues)) and not _SCOPE_BREAK.search(piece, cues[-1].end() if cues else 0)
    return clauses


def _late_predicate(later: list[str]) -> str:
    """The predicate that follows a clause after a comma, with at most short insertions between; "" for none."""
    for piece in later:
        if _LATE_PREDICATE.match(piece):
            return f" {piece}" if len(piece.split()) <= 6 else ""
        if len(piece.split()) > 3:
            break
    return ""


def _denied(clause: str, start: int, end: int) -> bool:
    """Whether a negation governs a term of the clause, from before it or after it."""
    cues = list(_NEGATION.finditer(clause, 0, start)) if start else []
    if cues and not _SCOPE_BREAK.search(clause, cues[-1].end(), start):
        return True
    after = clause[end:]
    stop = _SCOPE_BREAK.search(after)
    return _DENIED_AFTER.match(after[: stop.start()] if stop else after) is not None


def _past_or_doubtful(clause: str, start: int, _: int) -> bool:
    """Whether a term is of the past, or only suspected."""
    for cue in _PAST_OR_DOUBT.finditer(clause, 0, start):
        between = clause[cue.end() : start]
        # "Prior biopsy site with carcinoma" is about today's carcinoma.
        if len(between.split()) <= 4 and not re.search(r"\b(?:with|site|changes|and)\b", between):
            return True
    return False
