"""The key under which equal diagnoses in other words meet: what they state in codes, and every word beside it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from pathalign.text.concepts.lexicon import Term, site_of_organ, terms_in
from pathalign.text.malignancy import has_denial_or_doubt
from pathalign.text.normalise import signs_as_words, text_key
from pathalign.text.organ import organ_of
from pathalign.text.phrases import Mention, Token, tokens_of

_SENTENCE = re.compile(r"\.\s+(?=[A-Z0-9\"(])|\.$")
_ORGAN = re.compile(r"([A-Z][a-z]+(?: [a-z]+){0,2}):\s+")
# Words that change nothing of what is stated. "Consistent with", "focal" and the like are not among them.
_EMPTY = frozenset(
    token.word
    for token in tokens_of(
        "the a an of is are was were identified present seen noted type nos histologic histology tumor"
    )
)
_OF_ORGAN = {"Thyroid": " thyroid", "Kidney": " renal"}
"""Kinds of a type that are the type itself where the organ is named."""
# Each begins with one class of characters, which a search skips to; alternatives that begin differently take ten times
# as long. "Not otherwise specified", "(NOS)", "NOS":
_NOS = re.compile(r"[nN(](?:(?<=\()\s*(?i:nos)\s*\)|(?<=[nN])(?<!\w[nN])(?i:ot otherwise specified|os)\b)")
_CUT = re.compile(r"[,;:()wW](?:(?<=[,;:()])|(?<=[wW])(?<!\w[wW])(?i:ith)\b)")
_SIGN = re.compile(r"[+<>=%/.,](?:(?<=[+<>=%/])|(?<=\d[.,])(?=\d))")


@lru_cache(maxsize=256)  # slides of one part come one after the other
def concept_key(text: str) -> str:
    """The key of a text; equal for texts that state the same types, grades and findings of the same organs.

    The order and the words for them do not count ("Adenoma, tubular" is "Tubular adenoma"), nor do words that say
    nothing. Every other word does, in its order, within its clause; a sentence with a negation or a doubt, or with
    several types, counts word by word. A text that states no histologic type has its `text_key`.
    """
    blocks = [_block_key(organ, sentences) for organ, sentences in _blocks(_NOS.sub(" ", signs_as_words(text)))]
    if not any(typed for _, typed in blocks):
        return text_key(text)
    return " || ".join(sorted(key for key, _ in blocks))


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """The organs of a text, each with its sentences; "" for what no organ heads."""
    organ: str = ""
    sentences: list[str] = []
    for sentence in _SENTENCE.split(text):
        headed = _ORGAN.match(sentence)
        if headed and site_of_organ(headed[1]):
            if sentences:
                yield organ, sentences
            organ, sentences = headed[1], []
            sentence = sentence[headed.end() :]
        if sentence.strip():
            sentences.append(sentence)
    if sentences:
        yield organ, sentences


def _block_key(organ: str, sentences: list[str]) -> tuple[str, bool]:
    """(key, whether it states a type) of the sentences about one organ."""
    tokens = [tokens_of(sentence) for sentence in sentences]
    terms = [terms_in(sentence, known) for sentence, known in zip(sentences, tokens, strict=True)]
    types = {term.meaning.value for found in terms for term in found if term.meaning.kind == "histology"}
    keys: set[str] = set()
    for sentence, known, found in zip(sentences, tokens, terms, strict=True):
        own = {term.meaning.value for term in found if term.meaning.kind == "histology"}
        if len(own) > 1 or has_denial_or_doubt(sentence):
            keys.add(" ".join(_Words(sentence, known, "").between(0, len(sentence), found)))
        else:
            units = _units(_Words(sentence, known, organ), found)
            # Beside another type a grade or a finding belongs to the type of its own sentence.
            keys |= units if len(types) < 2 else {" & ".join(sorted(units))}
    return f"{organ.casefold()}: {' | '.join(sorted(keys))}", bool(types)


def _units(sentence: _Words, terms: list[Mention[Term]]) -> set[str]:
    """What a sentence states: concepts that stand bare in their clause each by itself, other clauses as worded."""
    units: list[list[str]] = []
    for start, end, own in _clauses(sentence.text, terms):
        words = sentence.between(start, end, own)
        bare = [word for word in words if word != "and"]
        if all(word.startswith("[") for word in bare):
            units += [[word] for word in bare]
        elif any(word.startswith("[") for word in words) or not units:
            units.append(words)
        else:  # "necrosis, focal": the clause is said of the one before it
            units[-1] += words
    return {" ".join(unit) for unit in units}


def _clauses(sentence: str, terms: list[Mention[Term]]) -> Iterator[tuple[int, int, list[Mention[Term]]]]:
    """(start, end, terms) between the commas and the "with" of a sentence, save those within a term."""
    start = at = first = 0
    for cut in _CUT.finditer(sentence):
        while at < len(terms) and terms[at].end <= cut.start():
            at += 1
        if at < len(terms) and terms[at].start < cut.end():
            continue
        yield start, cut.start(), terms[first:at]
        start, first = cut.end(), at
    yield start, len(sentence), terms[first:]


class _Words:
    """A sentence, to be read in pieces, about an organ ("" for none)."""

    def __init__(self, text: str, tokens: list[Token], organ: str) -> None:
        self.text = text
        self._tokens = tokens
        self._starts = [token.start for token in tokens]
        self._organ = organ
        self._signs = _SIGN.search(text) is not None

    def between(self, start: int, end: int, terms: list[Mention[Term]]) -> list[str]:
        """The words of a piece in order, concepts as "[kind value]"; without empty words and the block's own organ."""
        words: list[str] = []
        at = start
        for term in terms:
            words += self._plain(at, term.start)
            said = self._said(term)
            if said != self._organ:
                words.append(f"[{term.meaning.kind} {said}]")
            at = term.end
        return words + self._plain(at, end)

    def _plain(self, start: int, end: int) -> list[str]:
        """The words and the signs from one offset to another; no piece begins or ends within a word."""
        tokens = self._tokens[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        if not self._signs:
            return [token.word for token in tokens if token.word not in _EMPTY]
        plain = [(token.start - start, token.word) for token in tokens if token.word not in _EMPTY]
        plain += [(sign.start(), sign[0]) for sign in _SIGN.finditer(self.text[start:end])]
        return [word for _, word in sorted(plain)]

    def _said(self, term: Mention[Term]) -> str:
        """What a concept says: a site by its own word, for the code of uterus and endometrium is one."""
        said = term.meaning.value
        if term.meaning.kind == "site":
            words = self.text[term.start : term.end]
            return organ_of(words) or words.casefold()
        if said.endswith(_OF_ORGAN.get(self._organ, "-")):  # "Thyroid: Papillary thyroid carcinoma"
            return said.rpartition(" ")[0]
        return said
