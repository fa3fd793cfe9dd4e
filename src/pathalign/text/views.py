"""The two texts of a part: one rich, to be found by; one that holds only what a slide can show, to be generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pathalign.text.malignancy import are_malignant
from pathalign.text.normalise import sentence_case, text_key
from pathalign.text.organ import organ_of
from pathalign.text.statements.classification import before_tests
from pathalign.text.statements.statement import Dropped, Kind, Statement, ViewSentence
from pathalign.text.unseen import strip_unseen

_NODE = "Lymph node"
_HEADER = re.compile(
    r"[^:.]{3,120}\b(?:biops\w+|excision|resection|\w*ectomy|dissection|curettage|washings?)[^:.;]{0,30}:\s*",
    re.IGNORECASE,
)
_LAST_STOPS = " .;:,"


def retrieval_view(header: Statement | None, findings: Iterable[Statement]) -> tuple[ViewSentence, ...]:
    """The header and the findings as sentences, with everything that the report says, sizes and counts too."""
    said = [_sentence(sentence_case(one.text), one) for one in findings]
    return _titled(sentence_case(header.text.rstrip(" .:")) if header else "", header, said)


def generation_view(
    header: Statement | None, findings: Sequence[Statement]
) -> tuple[tuple[ViewSentence, ...], tuple[Statement, ...]]:
    """The organ and the findings that a slide can show, "Organ: finding. Finding."; none when no finding is visible.

    The organ comes from the header without laterality, subsite or procedure; without a known organ the findings stand
    alone. A finding said twice is said once. Beside the sentences, the findings with why each was dropped, if it was.
    """
    organ = organ_of(header.text) if header else ""
    organ_key = text_key(organ)
    visible: dict[str, ViewSentence] = {}
    dropped: list[Dropped | None] = []
    for finding in findings:
        unseen = bool(finding.kinds) and Kind.VISIBLE not in finding.kinds
        tested = Kind.IHC in finding.kinds or Kind.MOLECULAR in finding.kinds
        said = "" if unseen else _visible(before_tests(finding.text) if tested else finding.text, organ)
        reason: Dropped | None = None
        key = text_key(said) if said else ""
        if not said:
            reason = Dropped.CLAUSES if Kind.VISIBLE in finding.kinds else Dropped.UNSEEN
        elif key in visible or key == organ_key:  # the organ alone is a heading within the part
            reason = Dropped.REPEATED
        dropped.append(reason)
        if reason is None:
            visible[key] = _sentence(said, finding)
    if organ == _NODE and not visible and findings:
        # A count was all that was said of the nodes ("2 of 11 lymph nodes positive"); its sign is visible.
        verdict = are_malignant(finding.text for finding in findings)
        if verdict is not None:
            sign = "Positive for metastatic tumor." if verdict else "Negative for tumor."
            visible[""] = ViewSentence(sign, findings[0].start, findings[-1].end, (Kind.VISIBLE,))
            dropped = [None] * len(findings)
    sentences = _titled(organ, header, list(visible.values())) if visible else ()
    return sentences, tuple(map(_dropped, findings, dropped))


def _visible(finding: str, organ: str) -> str:
    """What a slide shows of a finding, with an organ of its own before it; "" for nothing."""
    inner, stated = _without_header(finding, organ)
    said = strip_unseen(stated, of_nodes=(inner or organ) == _NODE)
    if not said:
        return ""
    return f"{inner}: {sentence_case(said)}" if inner else sentence_case(said)


def _dropped(finding: Statement, reason: Dropped | None) -> Statement:
    return finding if reason is None else replace(finding, dropped=reason)


def joined(texts: Iterable[Sequence[ViewSentence]]) -> tuple[ViewSentence, ...]:
    """The texts of several parts as one, each said once."""
    said: dict[str, Sequence[ViewSentence]] = {}
    for text in texts:
        said.setdefault(text_key(text_of(text)), text)
    return tuple(sentence for text in said.values() for sentence in text)


def text_of(sentences: Iterable[ViewSentence]) -> str:
    """The text that sentences make."""
    return " ".join(sentence.text for sentence in sentences)


def _without_header(finding: str, organ: str) -> tuple[str, str]:
    """(organ, statement) of a finding that bears a header of its own, as in reports whose parts have no label.

    The organ is "" where it is the part's own or is unknown.
    """
    found = _HEADER.match(finding) if ":" in finding else None
    if not found:
        return "", finding
    inner = organ_of(found[0])
    return "" if inner == organ else inner, finding[found.end() :]


def _sentence(said: str, of: Statement) -> ViewSentence:
    return ViewSentence(f"{said.rstrip(_LAST_STOPS)}.", of.start, of.end, of.kinds)


def _titled(title: str, header: Statement | None, said: list[ViewSentence]) -> tuple[ViewSentence, ...]:
    """The sentences below their title, which ends with a colon where something follows."""
    if not title or header is None:
        return tuple(said)
    return (ViewSentence(f"{title}:" if said else title, header.start, header.end, ()), *said)
