"""The words for concepts, from the tables beside this file, and where a text uses them."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pathalign.text.phrases import Mention, Phrases, Token, fold, tokens_of


@dataclass(frozen=True, slots=True)
class Term:
    """A concept that a phrase names."""

    kind: str
    """"site", "procedure", "histology", "grade" or "finding"."""
    value: str
    """A code ("C34", "8140/3") or a name ("perineural invasion")."""


_HEADS = frozenset(
    fold(word)
    for word in [
        "adenocarcinoma",
        "carcinoma",
        "adenoma",
        "sarcoma",
        "lymphoma",
        "melanoma",
        "tumour",
        "nevus",
        "polyp",
        "papilloma",
        "neoplasm",
    ]
)
"""Nouns that may come first: "adenoma, tubular"."""
_WORDY = re.compile(r"\b(?:of|with|and|in|for|type|variant|ex)\b", re.IGNORECASE)
_GRADED = re.compile(
    r"\b(?:(?:who|isup|fuhrman(?:'?s)?|furhman|nottingham|histologic(?:al)?|nuclear|figo|overall|combined|final|sbr|"
    r"scarff[- ]bloom[- ]richardson|edmondson|tumou?r)\s+){0,3}(?P<group>grade(?:\s+group)?)\s*(?:of|is|:|=)?\s*"
    r"\(?(?P<value>[1-5](?!\d|\.\d)|iv|iii|ii|i(?![a-z]))\b(?:\s*(?:to|-)\s*(?P<upper>[1-5]|iv|iii|ii)\b)?"
    r"(?:\s*(?:/|of|out of)\s*(?:3|4|iii|iv|three|four)\b)?"
    r"|\bgleason(?:'?s)?\s+(?:score|sum|pattern|grade)?\s*(?:of|is|:|=)?\s*(?P<sum>[6-9]|10)\b"
    r"(?:\s*\(\s*(?P<first>[1-5])\s*\+\s*(?P<second>[1-5])\s*\))?"
    r"|(?:\bgleason(?:'?s)?\s+(?:(?:score|sum|pattern|grade)s?\s*)?(?:of|is|:|=)?\s*\(?)?"
    r"(?<!\d)(?P<one>[1-5])\s*\+\s*(?P<two>[1-5])(?:\s*=\s*(?:\d{1,2}))?(?:\s*/\s*10)?(?!\d)",
    re.IGNORECASE,
)
_MAY_GRADE = re.compile(r"[gG\d](?:(?<=[gG])(?i:rade|leason)|(?<=\d)\s*\+)")
_PREFIXED = re.compile(r"\b(?:non|micro|pre|pseudo)[- ]?$|\w-$", re.IGNORECASE)
_BETWEEN = " -/'&,()"
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_SYSTEMS = {
    "who": "WHO", "isup": "ISUP", "fuhrman": "Fuhrman", "furhman": "Fuhrman", "nottingham": "Nottingham",
    "sbr": "Nottingham",
    "scarff": "Nottingham", "nuclear": "nuclear", "figo": "FIGO", "edmondson": "Edmondson",
}  # fmt: skip


def terms_in(text: str, tokens: list[Token] | None = None) -> list[Mention[Term]]:
    """The concepts that a text names, stated or not, in order; the longest words win, and none lies within another.

    `tokens` are those of the text, where they are known already.
    """
    tokens = tokens_of(text) if tokens is None else tokens
    graded = _graded(text) if _MAY_GRADE.search(text) else []
    direct = _beside(graded, _phrases().find(text, tokens))
    starts = [mention.start for mention in direct]
    swapped: list[Mention[Term]] = []
    covered: set[int] = set()
    for mention in _beside(graded, _swapped().find(text, tokens)):
        first = bisect_left(starts, mention.start)
        near = range(max(0, first - 1), bisect_left(starts, mention.end))
        over = [at for at in near if direct[at].end > mention.start]
        # "Adenoma, tubular" is one; in "carcinoma, tubular adenoma" the second is its own.
        if all(
            direct[at].end <= mention.end
            and (direct[at].start == mention.start or direct[at].meaning.kind != "histology")
            for at in over
        ):
            covered.update(over)
            swapped.append(mention)
    found = [mention for at, mention in enumerate(direct) if at not in covered] + swapped
    whole = [mention for mention in found if not _PREFIXED.search(text, max(0, mention.start - 8), mention.start)]
    return sorted(graded + whole, key=lambda mention: mention.start)


def _beside(taken: list[Mention[Term]], mentions: list[Mention[Term]]) -> list[Mention[Term]]:
    """The mentions that overlap none of those taken; both in order."""
    ends = [mention.end for mention in taken]
    kept = []
    for mention in mentions:
        at = bisect_right(ends, mention.start)
        if at == len(taken) or taken[at].start >= mention.end:
            kept.append(mention)
    return kept


def _graded(text: str) -> list[Mention[Term]]:
    """Grades with a number."""
    found = []
    for match in _GRADED.finditer(text):
        if match["group"]:
            value = _numeral(match["value"]) + (f"-{_numeral(match['upper'])}" if match["upper"] else "")
            words = re.findall(r"[a-z]+", match[0][: match.start("group") - match.start()].casefold())
            system = next((_SYSTEMS[word] for word in words if word in _SYSTEMS), "")
            system = system or ("grade group" if "group" in match["group"].casefold() else "")
            term = Term(
                "grade", f"{system} grade {value}".strip() if system != "grade group" else f"grade group {value}"
            )
        elif match["sum"]:
            parts = f" ({match['first']}+{match['second']})" if match["first"] else ""
            term = Term("grade", f"Gleason {match['first']}+{match['second']}" if parts else f"Gleason {match['sum']}")
        else:
            term = Term("grade", f"Gleason {match['one']}+{match['two']}")
        found.append(Mention(term, match.start(), match.end()))
    return found


def _numeral(text: str) -> str:
    return _ROMAN.get(text.casefold(), text)


def _table(name: str) -> dict[str, dict[str, list[str]]]:
    text = files("pathalign.text.concepts").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _histology() -> Iterator[tuple[str, Term]]:
    for code, words in _table("histology")["histology"].items():
        for phrase in words:
            yield phrase, Term("histology", code)


@cache
def _phrases() -> Phrases[Term]:
    def entries() -> Iterator[tuple[str, Term]]:
        yield from _histology()
        for kind in ("site", "procedure", "grade", "finding"):
            for name, words in _table("concepts")[kind].items():
                for phrase in words if kind == "site" else (name, *words):
                    yield phrase, Term(kind, name)

    return Phrases(entries(), between=_BETWEEN)


@cache
def _swapped() -> Phrases[Term]:
    """Histologic types with their noun first, where that is no phrase already."""
    known = {tuple(token.word for token in tokens_of(phrase)): term for phrase, term in _histology()}
    swapped: dict[str, Term] = {}
    for phrase, term in _histology():
        words = phrase.split()
        tokens = tokens_of(phrase)
        if len(words) < 2 or tokens[-1].word not in _HEADS or _WORDY.search(phrase):
            continue
        other = " ".join([words[-1], *words[:-1]])
        key = tuple(token.word for token in tokens_of(other))
        if key not in known:
            swapped.setdefault(other, term)
    return Phrases(swapped.items(), between=_BETWEEN)


@cache
def site_of_procedure(procedure: str) -> str:
    """The topography code that a procedure tells ("mastectomy" is of the breast); "" when it tells none."""
    rows = _table("concepts")["implied_site"].items()
    return next((code for code, procedures in rows if procedure in procedures), "")


@cache
def names_of_histology() -> dict[str, str]:
    """Code -> the name that we use."""
    return {code: words[0] for code, words in _table("histology")["histology"].items()}


@cache
def names_of_kind(kind: str) -> tuple[str, ...]:
    """The names of all concepts of a kind, in small letters; of sites and types all their words."""
    if kind == "histology":
        return tuple(phrase.casefold() for phrase, _ in _histology())
    rows = _table("concepts")[kind].items()
    named = ((words if kind == "site" else (name, *words)) for name, words in rows)
    return tuple(word.casefold() for words in named for word in words)


@cache
def site_of_organ(organ: str) -> str:
    """The topography code of an organ as `text.organ` names it; "" when there is none."""
    term = _phrases().meaning(organ)
    return term.value if term is not None and term.kind == "site" else ""
