"""Names, by what announces them: titles, credentials, roles, signatures, labels; then wherever they stand again."""

from __future__ import annotations

from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import (
    EPONYM_SURNAMES,
    EPONYMS,
    GIVEN_NAMES,
    NAME_WORDS,
    NAMED_AFTER,
    PARTICLES,
    VOCABULARY,
    folded,
    read_as_name,
    read_through,
    word_set,
)
from pathalign.text.deidentification.name_shapes import (
    CREDENTIALS,
    DOUBTFUL_CREDENTIALS,
    LONGEST,
    SUFFIXES,
    given_after_comma,
    is_credential,
    name_backward,
    name_forward,
    name_like,
    small_name,
)
from pathalign.text.deidentification.words import Words

TITLES = word_set(  # without "Mx", which is a stage in reports
    "dr drs doctor doctors prof professor mr mrs ms miss mister sir dame nurse rev reverend herr frau dott dra "
    "mme mlle monsieur madame señor señora dipl det detective sgt sergeant capt officer trooper deputy chaplain pastor "
    "rabbi imam deacon attorney atty coroner"
)
_SIGNING = word_set(
    "signed signature dictated transcribed typed verified approved authenticated attested released certified "
    "grossed accessioned screened dictating authored edited cosigned finalized finalised entered out authorized "
    "authorised countersigned issued endorsed acknowledged finalizing validated checked"
)
_DOING = word_set(
    "reviewed reported interpreted ordered requested submitted prepared performed examined read diagnosed "
    "validated collected received referred confirmed done called notified completed seen obtained cut taken "
    "procured given consulted concurred supervised assisted operated resected removed sent made rendered "
    "electronically"
)
_TELLING = word_set(
    "discussed called reported communicated faxed conveyed relayed paged phoned telephoned shared reviewed shown "
    "notified given forwarded sent agrees concurs informed spoke spoken copied addressed referred transmitted "
    "consultation"
)
_ROLES = word_set(
    "attending pathologist surgeon physician resident fellow patient pt clinician prosector consultant "
    "radiologist oncologist urologist gynecologist dermatologist assistant cytotechnologist technologist "
    "technician secretary transcriptionist mother father husband wife son daughter brother sister aunt uncle "
    "cousin grandmother grandfather guardian spouse partner colleague named name aka alias attention attn "
    "signature director per professor pathologists surgeons physicians residents practitioner midwife "
    "histotechnologist dictator operator author provider staff counselor counsellor coordinator manager abstractor "
    "presenter decedent deceased donor participant holder administrator interpreter courier anesthesiologist "
    "anesthetist hematologist pulmonologist gastroenterologist nephrologist endocrinologist cardiologist neurologist "
    "internist hospitalist pediatrician dermatopathologist hematopathologist neuropathologist cytopathologist "
    "geneticist niece nephew fiance fiancee stepson stepdaughter investigator mortician locum anesth registrar"
)
_LABELS = word_set("labeled labelled designated marked identified inscribed tagged labelled label lableled")
_TRIGGERS = (
    TITLES
    | _ROLES
    | _LABELS
    | CREDENTIALS
    | GIVEN_NAMES
    | frozenset(("by", "with", "to", "cc", "m", "ph", "d", "s", "p"))
)
_SMALL = ("med", "by", "to")
LONGEST_TITLES = 6
"""Titles that one name may have before it."""
LONGEST_LIST = 8
"""Names that one announcement may have after it."""
_NEVER_AGAIN, _AFTER_NAME = CREDENTIALS | TITLES, CREDENTIALS | SUFFIXES
_OPEN = "\"'“”‘’`([{<"


def find_names(words: Words) -> Iterator[Finding]:
    """Every name that something announces."""
    for index in words.where(_TRIGGERS):
        low = words.lower[index]
        if low in TITLES:
            if index + 1 < len(words) and small_name(words, index + 1) and words.gap(index) in (" ", ". ", "."):
                yield _finding(words, index + 1, index + 2, "title")
            yield from _listed(words, index + 1, sure=True, rule="title", joint=". :\n")
        elif low in _ROLES:
            opened = low in ("name", "named") and any(mark in words.gap(index) for mark in "(\"':")
            opened = opened or _before_surname(words, index + 1)
            yield from _listed(words, index + 1, sure=opened, rule="role", joint=" ,:(\"'-–\n")
        elif low in _LABELS:
            yield from _labelled(words, index)
        elif low == "by":
            yield from _by(words, index)
        elif low in ("with", "to"):
            if any(word in _TELLING for word in words.lower[max(0, index - 4) : index]):
                yield from _listed(words, index + 1, sure=False, rule="told", joint=" :\n")
        elif low == "cc" and ":" in words.gap(index):
            yield from _listed(words, index + 1, sure=True, rule="copy", joint=" :.\n\t")
        elif low == "s" and words.report[max(0, words.starts[index] - 1) : words.ends[index] + 1].lower() == "/s/":
            yield from _listed(words, index + 1, sure=True, rule="signature", joint=" /\n")
        if low in CREDENTIALS or low in ("m", "ph", "d", "p"):
            yield from _before_credential(words, index)
        if low in GIVEN_NAMES:
            yield from _by_given_name(words, index)


def find_again(words: Words, findings: list[Finding]) -> Iterator[Finding]:
    """The words of names wherever else they stand, also as OCR misread them; ordinary words only where they look it."""
    known, doubtful = set[str](), set[str]()
    for finding in findings:
        if finding.kind is not Kind.NAME:
            continue
        for index in range(words.from_offset(finding.start), words.from_offset(finding.end)):
            low = words.lower[index]
            if len(low) > 2 and low not in VOCABULARY and low not in EPONYMS and low not in _NEVER_AGAIN:
                (doubtful if low in NAME_WORDS else known).add(low)
    if not known and not doubtful:
        return
    mixed = bool(doubtful) and _is_mixed(words.report)
    folds = {folded(low) for low in known if len(low) > 3}
    misread = {low for low in words.unknown if len(low) > 3 and folded(low) in folds}
    for index in words.where(frozenset(known | doubtful | misread)):
        low, raw = words.lower[index], words.raw[index]
        if low in known:
            again = raw[0].isupper() or (low not in GIVEN_NAMES and len(low) > 3)
        elif low in doubtful:
            again = mixed and raw.istitle() and index > 0 and words.gap(index - 1) in (" ", ", ", " (")
        else:
            again = True
        after = words.lower[index + 1] if index + 1 < len(words) else ""
        before = words.lower[index - 1] if index else ""
        if again and before != "ivor" and not ((low in EPONYM_SURNAMES or low in NAME_WORDS) and after in NAMED_AFTER):
            yield _finding(words, index, index + 1, "again")


def _finding(words: Words, first: int, end: int, rule: str) -> Finding:
    """A name of the words [first, end); a possessive "'s" stays in the text."""
    stop = words.ends[end - 1]
    raw = words.raw[end - 1]
    if raw[-2:].lower() in ("'s", "’s"):
        stop -= 2
    return Finding(words.starts[first], stop, Kind.NAME, rule)


def _listed(words: Words, first: int, *, sure: bool, rule: str, joint: str) -> Iterator[Finding]:
    """A name at a word, and those listed after it ("Smith and Jones, MD"); titles before them are passed over."""
    index = first
    if (
        index >= len(words)
        or len(words.gap(index - 1)) > 6 + 40 * (":" in words.gap(index - 1))
        or words.gap(index - 1).strip(joint)
    ):
        return
    certain = sure and "." not in words.gap(index - 1)[1:]
    for _ in range(LONGEST_LIST):
        for _ in range(LONGEST_TITLES):
            if index >= len(words) or (words.lower[index] not in TITLES and words.lower[index] not in _SMALL):
                break
            index += 1
        if index >= len(words):
            return
        end = name_forward(words, index, sure=certain or words.lower[index - 1] in TITLES)
        if end == index:
            return
        yield _finding(words, index, end, rule)
        while end < len(words) and words.lower[end] in _AFTER_NAME and len(words.gap(end - 1)) < 4:
            end += 1
        if end >= len(words):
            return
        gap = words.gap(end - 1).strip()
        if words.lower[end] in ("and", "und", "et") and gap in ("", ","):
            index = end + 1
        elif gap in ("/", "&", ",", ";", "+"):
            index = end
        else:
            return


def _by(words: Words, index: int) -> Iterator[Finding]:
    """Who did it, after "dictated by", "electronically signed out by": names, or initials."""
    verbs = words.lower[max(0, index - 3) : index]
    signing, doing = (
        any(v in _SIGNING for v in words.lower[max(0, index - 5) : index]),  # "transcribed May 27th, 1993 by"
        any(v in _DOING or (len(v) > 5 and v.endswith("ed")) for v in verbs),
    )
    if not signing and not doing:
        return
    found = list(_listed(words, index + 1, sure=signing, rule="done by", joint=" :;.*-_\n\t\"'("))
    yield from found
    if found or not signing or index + 1 >= len(words) or words.gap(index).strip(" :."):
        return
    raw, low = words.raw[index + 1], words.lower[index + 1]
    if 2 <= len(raw) <= 4 and raw.isalpha() and low not in VOCABULARY and low not in CREDENTIALS:
        yield Finding(words.starts[index + 1], words.ends[index + 1], Kind.NAME, "initials")


def _before_credential(words: Words, index: int) -> Iterator[Finding]:
    low, raw = words.lower[index], words.raw[index]
    if low not in CREDENTIALS:
        if not is_credential(words, index):
            return
    elif raw.islower():
        return
    if index == 0 or (index > 1 and is_credential(words, index - 2)):
        return
    if low == "ascp" and words.gap(index - 1).strip() == "(":  # "CT(ASCP)"
        index -= 1
    gap = words.gap(index - 1) if index else "."
    if len(gap) > 4 or gap.strip() not in ("", ",", ".", ".,") or (low in DOUBTFUL_CREDENTIALS and "," not in gap):
        return
    first = name_backward(words, index - 1)
    if first < index:
        yield _finding(words, first, index, "credential")


def _by_given_name(words: Words, index: int) -> Iterator[Finding]:
    """A given name with a surname after it or, with a comma, before it."""
    beside = words.lower[index + 1] if words.gap(index) == "-" else ""
    if not words.raw[index][0].isupper() or not name_like(words, index, sure=False) or beside in EPONYMS:
        return
    first, end = index, name_forward(words, index, sure=False)
    before = index - 1
    if (
        before >= 0
        and words.gap(before).strip() == ","
        and len(words.gap(before)) < 4
        and "\n" not in words.gap(before)
    ):
        surname = name_like(words, before, sure=True) and words.raw[before][0].isupper()
        if surname and (name_like(words, before, sure=False) or _stands_alone(words, before)):
            first = name_backward(words, before)
    while (
        first
        and index - first < LONGEST
        and name_like(words, first - 1, sure=False)
        and words.gap(first - 1) in (" ", "-")
    ):
        first -= 1
    if sum(len(words.raw[i]) > 1 for i in range(first, end)) > 1:
        yield _finding(words, first, end, "given name")


def _stands_alone(words: Words, index: int) -> bool:
    """Whether a word begins its line, sentence or bracket, as a surname before a comma does."""
    before = words.report[max(0, words.starts[index] - 2) : words.starts[index]]
    return not before or before[-1] in _OPEN or before[-1] in "\n:\t" or before.strip(" ")[-1:] in (":", ".", "", "\n")


def _labelled(words: Words, index: int) -> Iterator[Finding]:
    """A name on a container: "labeled SMITH, JOHN, right breast", "designated "Okafor" "."""
    for at in range(index + 1, min(index + 13, len(words))):
        gap = words.gap(at - 1)
        if "." in gap and gap.strip(". ") != "" and len(words.raw[at - 1]) > 1:
            return
        opened = gap[-1:] in tuple(_OPEN)
        first = at
        straight = (words.lower[at - 1] == "name" and gap.strip() in (",", ":")) or (gap == " " and at == index + 1)
        announced = opened or straight
        while announced and first < at + 3 and first + 1 < len(words) and words.lower[first] in PARTICLES:
            first += 1
        sure = announced and _before_given(words, first)
        if not name_like(words, first, sure=sure):
            continue
        end = name_forward(words, at, sure=sure)
        parts = [i for i in range(at, end) if len(words.raw[i]) > 1]
        beside = words.gap(end - 1)[:1] if end < len(words) else ""
        several = len(parts) > 1 and ("," in words.report[words.starts[at] : words.ends[end - 1]] or opened)
        alone = opened and beside in tuple(",\"'”’)") and len(words.raw[at]) > 3 and not _holds_digits(words, at)
        if several or alone:
            yield _finding(words, at, end, "label")
        return


def _before_given(words: Words, index: int) -> bool:
    """Whether a comma and a word that can only be a name come next, as after the surname in "Green, Tomoko"."""
    while index + 1 < len(words) and words.gap(index) == "-":
        index += 1
    return index + 1 < len(words) and words.gap(index).strip() == "," and given_after_comma(words, index + 1, sure=True)


def _before_surname(words: Words, index: int) -> bool:
    """Whether a word that is a given name too comes before one that can only be a name: "Frank Okonkwo"."""
    if index + 1 >= len(words):
        return False
    low = words.lower[index]
    if low not in NAME_WORDS and not (read_as_name(low) and not read_through(low)):
        return False
    after = index + 1
    if len(words.raw[after]) == 1 and words.gap(after)[:1] == ".":
        after += 1
    while after + 1 < len(words) and words.lower[after] in PARTICLES:
        after += 1
    return (
        after < len(words)
        and words.gap(index) == " "
        and name_like(words, after, sure=words.lower[after] in NAME_WORDS)
    )


def _holds_digits(words: Words, index: int) -> bool:
    """Whether a word holds digits, so that a code is likelier than a name."""
    return not words.raw[index].replace("'", "").isalpha() or not read_through(words.lower[index])


def _is_mixed(report: str) -> bool:
    """Whether a report is written in capitals and small letters, from its first 4,000 characters."""
    head = report[:4000]
    return sum(map(str.islower, head)) > sum(map(str.isupper, head))
