"""The two texts of a part: one rich, to be found by; one that holds only what a slide can show, to be generated."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pathalign.text.malignancy import is_malignant
from pathalign.text.normalise import sentence_case, text_key
from pathalign.text.organ import organ_of
from pathalign.text.unseen import strip_unseen

_NODE = "Lymph node"
_HEADER = re.compile(
    r"[^:.]{3,120}\b(?:biops\w+|excision|resection|\w*ectomy|dissection|curettage|washings?)[^:.;]{0,30}:\s*",
    re.IGNORECASE,
)


def retrieval_text(header: str, findings: Iterable[str]) -> str:
    """The header and the findings as sentences, with everything that the report says, sizes and counts too."""
    return _titled(sentence_case(header.rstrip(" .:")), [sentence_case(finding) for finding in findings])


def generation_text(header: str, findings: Iterable[str]) -> str:
    """The organ and the findings that a slide can show, "Organ: finding. Finding."; "" when no finding is visible.

    The organ comes from the header without laterality, subsite or procedure; without a known organ the findings stand
    alone. A finding said twice is said once.
    """
    organ = organ_of(header)
    visible: dict[str, str] = {}
    findings = tuple(findings)
    for finding in findings:
        inner, stated = _without_header(finding, organ)
        said = strip_unseen(stated, of_nodes=(inner or organ) == _NODE)
        if said:
            said = f"{inner}: {sentence_case(said)}" if inner else sentence_case(said)
            visible.setdefault(text_key(said), said)
    visible.pop(text_key(organ), None)  # "Urinary bladder" alone, as a heading within the part
    if organ == _NODE and not visible:
        # A count was all that was said of the nodes ("2 of 11 lymph nodes positive"); its sign is visible.
        verdict = is_malignant(". ".join(findings))
        if verdict is not None:
            visible[""] = "Positive for metastatic tumor" if verdict else "Negative for tumor"
    return _titled(organ, visible.values()) if visible else ""


def _without_header(finding: str, organ: str) -> tuple[str, str]:
    """(organ, statement) of a finding that bears a header of its own, as in reports whose parts have no label.

    The organ is "" where it is the part's own or is unknown.
    """
    found = _HEADER.match(finding)
    if not found:
        return "", finding
    inner = organ_of(found[0])
    return "" if inner == organ else inner, finding[found.end() :]


def joined(texts: Iterable[str]) -> str:
    """The texts of several parts as one, each said once."""
    said: dict[str, str] = {}
    for text in texts:
        said.setdefault(text_key(text), text)
    return " ".join(text for text in said.values() if text)


def _titled(title: str, sentences: Iterable[str]) -> str:
    body = " ".join(f"{re.sub(r'[ .;:,]+$', '', sentence)}." for sentence in sentences)
    return f"{title}: {body}" if title and body else body or title
