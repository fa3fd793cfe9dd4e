"""What a language model said of a report, and what of it the report bears out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pathalign.domain.provenance import TextSource
from pathalign.text import views
from pathalign.text.curation import CuratedPart, CuratedReport
from pathalign.text.labels import labels_within, normal_label
from pathalign.text.malignancy import is_malignant
from pathalign.text.normalise import text_key, tidy
from pathalign.text.sentences import Sentence
from pathalign.text.statements.classification import classified
from pathalign.text.statements.statement import Dropped, Statement
from pathalign.text.support.sentences import Fault, Source
from pathalign.text.unseen import strip_unseen

_MOST_SENTENCE = 600
"""Characters of a sentence; a longer one is no sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldSentence:
    """A sentence, and the places of the report that it was drawn from, word for word."""

    text: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldPart:
    """What was said of one part."""

    label: str
    header: str
    """What was received, as written in the report."""
    retrieval: tuple[ToldSentence, ...]
    generation: tuple[ToldSentence, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> ToldPart:
        """From the JSON of an answer whose shape was checked."""
        views_of = {
            view: tuple(ToldSentence(text=s["text"], quotes=tuple(s["quotes"])) for s in document[view])
            for view in ("retrieval", "generation")
        }
        return cls(label=document["label"], header=document["header"], **views_of)


@dataclass(kw_only=True)
class Accepted:
    """What is left of an answer."""

    parts: tuple[CuratedPart, ...] = ()
    taken: int = 0
    """Sentences, of both views."""
    dropped: Counter[Fault] = field(default_factory=Counter)
    unknown_parts: int = 0
    """Parts whose label the report does not bear."""


def accept(report: str, curated: CuratedReport, told: Iterable[ToldPart]) -> Accepted:
    """The parts of an answer that the report bears out, sentence by sentence.

    A part without any sentence left is no part. `curated` is what rules found: a quote from the span of another part
    is refused, and within several places the part's own, then the diagnosis, count.
    """
    source, done = Source(report), Accepted()
    parts: dict[str, CuratedPart] = {}
    for part in told:
        label = normal_label(part.label)
        if label in parts or not _has_label(report, curated, label):
            done.unknown_parts += 1
            continue
        found = _part(source, curated, label, part, done)
        if found is not None:
            parts[label] = found
    done.parts = tuple(parts.values())
    return done


def merged(curated: CuratedReport, accepted: Accepted) -> CuratedReport:
    """The report with accepted parts in the place of those of rules, where there are any; else as rules have it."""
    if not accepted.parts:
        return curated
    told = {part.label: part for part in accepted.parts}
    if "" in told or not curated.parts or [part.label for part in curated.parts] == [""]:
        kept = list(accepted.parts)
    else:
        kept = [told.pop(part.label, part) for part in curated.parts] + list(told.values())
    return replace(
        curated,
        parts=tuple(sorted(kept, key=lambda part: part.start)),
        diagnosis_start=curated.diagnosis_start or min(part.start for part in kept),
        diagnosis_end=curated.diagnosis_end or max(part.end for part in kept),
        problem=None,
    )


def _has_label(report: str, curated: CuratedReport, label: str) -> bool:
    """Whether a label heads something in the report; none is needed where rules found no parts, or one without."""
    known = {part.label for part in curated.parts}
    if label in known:
        return True
    if not label:
        return known <= {""}
    if not all(re.fullmatch(r"[A-Z]{1,2}|\d{1,2}", single) for single in labels_within(label)):
        return False
    return all(
        re.search(rf"(?<![A-Za-z0-9]){single}\s?[.):]|\b(?:part|specimen)s?\s?#?\s?{single}\b", report, re.IGNORECASE)
        for single in labels_within(label)
    )


def _part(source: Source, curated: CuratedReport, label: str, told: ToldPart, done: Accepted) -> CuratedPart | None:
    own = [(part.start, part.end) for part in curated.parts if part.label == label]
    others = [(part.start, part.end) for part in curated.parts if part.label != label]

    def supported(sentences: Iterable[ToldSentence], *, seen: bool) -> list[Statement]:
        kept = []
        for sentence in sentences:
            text = tidy(sentence.text).strip(" .")
            if seen and text_key(strip_unseen(text)) != text_key(text):
                done.dropped[Fault.UNSEEN] += 1
                continue
            places, fault = _places(source, sentence, curated, own, others)
            fault = fault or source.fault(text[:_MOST_SENTENCE], places)
            if fault or len(text) > _MOST_SENTENCE:
                done.dropped[fault or Fault.NOT_QUOTED] += 1
                continue
            done.taken += 1
            start, end = min(start for start, _ in places), max(end for _, end in places)
            kept.append(classified(Sentence(text, start, end), part=label))
        return kept

    retrieval = supported(told.retrieval, seen=False)
    generation = supported(told.generation, seen=True)
    retrieval = retrieval or generation
    if not retrieval:
        return None
    head = _header(source, label, told.header, others)
    known = next((part for part in curated.parts if part.label == label), None)
    if head is None and known is not None:
        head = next((one for one in known.statements if one.dropped is Dropped.HEADER), None)
    generated, _ = views.generation_view(head, generation)
    found = views.retrieval_view(head, retrieval)
    shown = [(sentence.start, sentence.end) for sentence in generated]
    findings = [
        replace(one, dropped=None if any(_overlap((one.start, one.end), span) for span in shown) else Dropped.UNSEEN)
        for one in retrieval
    ]
    spans = [(one.start, one.end) for one in (*retrieval, *generation)] + own
    return CuratedPart(
        label=label,
        header=head.text if head else "",
        findings=tuple(one.text for one in retrieval),
        start=min(start for start, _ in spans),
        end=max(end for _, end in spans),
        retrieval_text=views.text_of(found),
        generation_text=views.text_of(generated),
        malignant=is_malignant(". ".join(one.text for one in retrieval)),
        statements=((head, *findings) if head else tuple(findings)),
        retrieval_sentences=tuple(replace(sentence, source=TextSource.MODEL) for sentence in found),
        generation_sentences=tuple(replace(sentence, source=TextSource.MODEL) for sentence in generated),
    )


def _header(source: Source, label: str, said: str, others: list[tuple[int, int]]) -> Statement | None:
    """The header as a statement of no kind; None where the report does not have it, or has it in another part."""
    text = tidy(said).strip(" .:")
    places = [place for place in source.places([text])[0] if not _inside(place, others)] if text else []
    if not places or len(text) > _MOST_SENTENCE:
        return None
    start, end = places[0]
    return Statement(start=start, end=end, text=text, kinds=(), part=label, dropped=Dropped.HEADER)


def _places(
    source: Source,
    sentence: ToldSentence,
    curated: CuratedReport,
    own: list[tuple[int, int]],
    others: list[tuple[int, int]],
) -> tuple[list[tuple[int, int]], Fault | None]:
    """The places of a sentence's quotes, or what is wrong with them."""
    if not sentence.quotes:
        return [], Fault.NO_QUOTE
    diagnosis = [(curated.diagnosis_start, curated.diagnosis_end)]
    found: list[tuple[int, int]] = []
    for places in source.places(sentence.quotes):
        if not places:
            return [], Fault.QUOTE_NOT_FOUND
        nearest = next((near for home in (own, diagnosis) if (near := [p for p in places if _inside(p, home)])), places)
        nearest = [place for place in nearest if _inside(place, own) or not _inside(place, others)]
        if not nearest:
            return [], Fault.OTHER_PART
        found += nearest
    return found, None


def _inside(place: tuple[int, int], spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place[0] and place[1] <= end for start, end in spans)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
