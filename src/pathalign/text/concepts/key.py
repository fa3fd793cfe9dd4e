"""The key under which equal diagnoses in other words meet: what they state in codes, and every word beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pathalign.text.concepts.lexicon import Term, site_of_organ, terms_in
from pathalign.text.malignancy import has_denial_or_doubt
from pathalign.text.normalise import signs_as_words, text_key
from pathalign.text.organ import organ_of
from pathalign.text.phrases import Mention, tokens_of

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
_NOS = re.compile(r"\bnot otherwise specified\b|\(\s*NOS\s*\)|\bNOS\b", re.IGNORECASE)
_CUT = re.compile(r"[,;:()]|\bwith\b", re.IGNORECASE)
_SIGN = re.compile(r"[+<>=%/]|(?<=\d)[.,](?=\d)")


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
    terms = [terms_in(sentence) for sentence in sentences]
    types = {term.meaning.value for found in terms for term in found if term.meaning.kind == "histology"}
    keys: set[str] = set()
    for sentence, found in zip(sentences, terms, strict=True):
        own = {term.meaning.value for term in found if term.meaning.kind == "histology"}
        if has_denial_or_doubt(sentence) or len(own) > 1:
            keys.add(" ".join(_words(sentence, found, 0, len(sentence), "")))
        else:
            units = _units(sentence, found, organ)
            # Beside another type a grade or a finding belongs to the type of its own sentence.
            keys |= units if len(types) < 2 else {" & ".join(sorted(units))}
    return f"{organ.casefold()}: {' | '.join(sorted(keys))}", bool(types)


def _units(sentence: str, terms: list[Mention[Term]], organ: str) -> set[str]:
    """What a sentence states: concepts that stand bare in their clause each by itself, other clauses as worded."""
    units: list[list[str]] = []
    for start, end, own in _clauses(sentence, terms):
        words = _words(sentence, own, start, end, organ)
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


def _words(sentence: str, terms: list[Mention[Term]], start: int, end: int, organ: str) -> list[str]:
    """The words of a piece in order, concepts as "[kind value]"; without empty words and the block's own organ."""
    words: list[str] = []
    at = start
    for term in (*terms, None):
        upto = term.start if term is not None else end
        plain = [(token.start, token.word) for token in tokens_of(sentence[at:upto]) if token.word not in _EMPTY]
        plain += [(sign.start(), sign[0]) for sign in _SIGN.finditer(sentence[at:upto])]
        words += [word for _, word in sorted(plain)]
        if term is not None:
            said = term.meaning.value
            if term.meaning.kind == "site":  # by its own word: the code of uterus and endometrium is one
                said = organ_of(sentence[term.start : term.end]) or sentence[term.start : term.end].casefold()
            elif said.endswith(_OF_ORGAN.get(organ, "-")):  # "Thyroid: Papillary thyroid carcinoma"
                said = said.rpartition(" ")[0]
            if said != organ:
                words.append(f"[{term.meaning.kind} {said}]")
            at = term.end
    return words
