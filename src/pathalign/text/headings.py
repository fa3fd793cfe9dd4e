"""The headings that divide a report, and the sections that they open.

Offsets are characters of the report as given. Reports come with line breaks, or, as the cleaned TCGA ones, with every
line break turned into ". ", so a heading is known by what stands before it (a line or sentence end), its words, and
what follows it (a colon, a full stop, a line end). Titles of diagnoses have rules of their own (`diagnoses`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain


class SectionKind(StrEnum):
    """What a section is about."""

    DIAGNOSIS = "diagnosis"
    SUPERSEDED = "superseded"
    """A diagnosis that a newer one of the same report replaces."""
    CLINICAL = "clinical"
    SPECIMENS = "specimens"
    """What was received: the list of parts, the operation."""
    GROSS = "gross"
    MICROSCOPIC = "microscopic"
    INTRAOPERATIVE = "intraoperative"
    SYNOPTIC = "synoptic"
    COMMENT = "comment"
    ANCILLARY = "ancillary"
    """Immunohistochemistry, special stains, molecular studies."""
    ADDENDUM = "addendum"
    ADMINISTRATIVE = "administrative"
    """Signatures, codes."""
    DISCLAIMER = "disclaimer"
    """What a laboratory must say of its tests, and the foot of a page; may stand between parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """One heading; `body` is where the text below it begins."""

    kind: SectionKind
    start: int
    body: int


_TO_END = r"[^.:\n]{0,40}"
_ENDED = rf"(?:[ -](?:DIAGNOS[IE]S|CONSULTATION|CONSULT|REPORT|EXAMINATION|FINDINGS){_TO_END})?"
_WORDS = {
    SectionKind.GROSS: rf"GROSS(?: (?:ANATOMIC|TISSUE))?(?: (?:DESC[A-Z]{{3,9}}|EXAMINATION|SPECIMEN|FINDINGS|"
    rf"PATHOLOGY|PHOTO|AND MICROSCOPIC){_TO_END})?|MACROSCOP(?:IC|Y|ICAL)(?: (?:DESCRIPTION|EXAMINATION|FINDINGS))?"
    r"|SECTION CODE|INK CODE|SLIDE KEY|(?:BLOCK|CASSETTE) (?:SUMMARY|DESIGNATIONS?)|SUMMARY OF (?:SECTIONS|CASSETTES)"
    r"|DESIGNATION OF SECTIONS|(?:TISSUE )?DESCRIPTION",
    SectionKind.MICROSCOPIC: r"(?:LIGHT )?MICROSCOP(?:IC|Y|ICAL)(?: (?:DESCRIPTION|EXAMINATION|FINDINGS|EXAM)"
    rf"{_TO_END})?|HISTOLOGICAL EXAMINATION",
    SectionKind.CLINICAL: r"(?:PERTINENT |SUMMARY OF )?CLINICAL (?:HISTORY|INFORMATION|DATA|DIAGNOS[IE]S|NOTES?|"
    rf"DETAILS|IMPRESSION|SUMMARY|FINDINGS|FEATURES|CONTEXT){_TO_END}|CASE CLINICAL INFORMATION"
    r"|(?:PATIENT |RELEVANT |MEDICAL )?HISTORY(?: OF PRESENT ILLNESS|/CLINICAL DATA)?|PATIENT INFORMATION"
    rf"|(?:PRE|POST)-?\s?OP{_TO_END}|OPERATIVE DIAGNOS[IE]S{_TO_END}|OPERATI(?:VE FINDINGS|ON|VE PROCEDURE){_TO_END}",
    SectionKind.SPECIMENS: r"SPECIMEN(?:S|\(S\)|\(S:?)?(?:[.:]? (?:SUBMITTED|RECEIVED|INFORMATION|DATA|SOURCE|"
    rf"DETAILS){_TO_END})?|SOURCE OF (?:SPECIMEN|TISSUE)[^.:\n]{{0,10}}"
    r"|(?:TISSUE|MATERIALS?)(?:\(S\))? (?:SUBMITTED|RECEIVED)",
    SectionKind.INTRAOPERATIVE: rf"INTRA-?\s?-?\s?OPERATIVE{_TO_END}|FS/DX|(?:FROZEN|QUICK) SECTION(?:\(?S\)?)?{_ENDED}"
    rf"|FROZEN DIAGNOS[IE]S|PERMANENT (?:SECTION )?DIAGNOS[IE]S|PRELIMINARY FROZEN{_TO_END}|(?:OR|O\.R\.) CONSULTATION",
    SectionKind.ADDENDUM: rf"(?:START OF )?ADDENDUM{_TO_END}|ADDENDA|PROCEDURES?/ADDENDA"
    rf"|SUPPLEMENT(?:AL|ARY)? REPORT{_TO_END}|AMENDMENTS?|REVISION DESCRIPTION",
    SectionKind.ADMINISTRATIVE: rf"SNOMED{_TO_END}|ICD-?\s?\d*{_TO_END}|CPT CODES?{_TO_END}|PATHOLOGISTS?"
    r"|PERFORMED BY",
    SectionKind.SYNOPTIC: rf"SYNOPTIC{_TO_END}|CASE SYNOPSIS|CAP (?:TEMPLATE|CHECKLIST|SYNOPTIC|"
    r"CANCER|PROTOCOL)[^.:\n]{0,60}|(?:CASE|TUMOU?R|STAGING|PATHOLOG\w+|CANCER)(?: \w+)? (?:SYNOPSIS|SUMMARY|STAGING|"
    rf"PARAMETERS){_TO_END}|(?:P?TNM|AJCC){_TO_END}|SURGICAL PATHOLOGY CANCER{_TO_END}|SUMMARY OF FINDINGS"
    r"|KEY PATHOLOGICAL FINDINGS",
    SectionKind.COMMENT: r"(?:(?:(?:FINAL )?DIAGNOSIS|DIAGNOSTIC|PATHOLOGIST(?:'S)?|INTERPRETIVE|GENERAL|FINAL|"
    r"ADDITIONAL|OTHER|MICROSCOPIC) )?COMMENTS?(?:\(S\))?|(?:ADDITIONAL )?NOTES?|SUMMARY|REMARKS?(?:/ADDENDUM)?|"
    r"FOOTNOTES?|DISCUSSION",
    SectionKind.ANCILLARY: rf"ANCILLARY STUDIES|(?:RESULTS OF )?IMMUNO(?:HISTOCHEM|PEROX|STAIN){_TO_END}"
    r"|RESULTS? OF (?:THE )?(?:SPECIAL|IMMUN|HISTOCHEM|HER-?2|FISH)[^.:\n>]{0,60}|FLOW CYTOMETRY|METHODOLOGY|METHODS?|"
    r"REFERENCES?|DISCLAIMERS?|LIMITATIONS|FDA COMMENT|TEST DESCRIPTION|PROGNOSTIC MARKERS|BIOMARKERS?(?: REPORT)?"
    rf"|SPECIAL (?:STAINS?|STUDIES|PROCEDURES)[^.:\n]{{0,20}}|SUMMARY OF IMMUNO{_TO_END}|CYTOGENETIC{_TO_END}"
    rf"|MOLECULAR (?:ANATOMIC|STUDIES|TEST){_TO_END}|HISTO(?:LOGY)? STAIN{_TO_END}",
}  # fmt: skip
_SIGNATURE = (
    r"[I1JLT]?,? ?A?(?:HEREBY )?(?:ATTEST|CERTIFY) |I (?:ATTEST|CERTIFY)|MY SIGNATURE|BY THIS SIGNATURE"
    r"|ELECTRONIC(?:ALLY SIGNED| SIGNATURE)|ENTIRE REPORT|REPORT (?:ELECTRONICALLY|RELEASED)|DICTATED"
    r"|REVIEWED AND APPROVED|\*{3,}"
    r"|(?:[I1JL],?\.? ?|AS )?T?HE ATTENDING PATHOLOG|(?:[I1JL],?\.? {0,2})?\.?(?:T?HE )?SIGNING (?:STAFF )?PATHOLOG"
    r"|END OF REPORT|I HAVE (?:PERSONALLY )?REVIEWED|T-?[\dA-Z]{5}[ ,]+[PM]-?\d"
    r"|I, (?:AND/? ?)?OR MY|I,?\.? ?THE (?:UNDERSIGNED|SIGNING|STAFF|RESPONSIBLE)"
    r"|SIGNED(?: OUT)?(?: BY|[^A-Z]{0,3}ELECTRONIC)"
    r"|THE EXAMINATION OF THIS CASE|COMPLIANCE VALIDATED|COST OF DIAGNOSTIC"
    r"|(?:FINAL )?DIAGNOSIS (?:PERFORMED|RENDERED) BY|RELEASED BY|VERIFIED(?=:| BY)"
    r"|(?:RESIDENT|ATTENDING) (?:PHYSICIAN|PATHOLOGIST)(?: ?:|\.)|AT THE REQUEST OF THE UNDERSIGNED"
)
_DISCLAIMER = (
    r"(?:SOME|THESE) (?:OF THE IMMUNOHISTOCHEM\w+[^.]{0,40}|TESTS)|THIS TEST|A FEW OF THE ANTIBODIES"
    # the foot of a page
    r"|PRINTED(?=\s{0,2}:)|CONFIDENTIAL(?=\.| DOC| AND)|THIS (?:REPORT|DOCUMENT) IS (?:PRIVILEGED|CONFIDENTIAL)"
    r"|UNOFFICIAL LAB RESULTS|PAGE:? \d{1,2} (?:OF|/) \d|THIS REPORT CONTINUES"
    r"|EXAMINATION: HISTOPATHOLOGICAL EXAMINATION|THIS (?:FINAL )?PATHOLOGY REPORT IS BASED"
)
_PAGE_FOOT = re.compile(r"PRINTED|CONFIDENTIAL|UNOFFICIAL|PAGE|THIS (?:REPORT|DOCUMENT)|EXAMINATION", re.IGNORECASE)
# For small letters: without IGNORECASE the many alternatives are told apart by their first letter at once.
_HEADING = re.compile(
    "(?:"
    + "|".join(f"(?P<{kind.value}>{words.lower()})" for kind, words in _WORDS.items())
    + r")(?=\s{0,2}(?:[:.\n>]|\(|-\s|-[a-z]))"
    + f"|(?P<signature>(?:{_SIGNATURE.lower()}))|(?P<disclaimer>(?:{_DISCLAIMER.lower()}))"
)
# Most sentences are told from headings by their first letters alone; the long pattern is for the rest.
_OPENERS = frozenset(
    re.findall(
        r"\S+",
        "gros macr sect ink slid bloc cass summ desi tiss micr ligh hist pert clin case pati rele medi pre post oper "
        "spec sour mate intr fs froz quic perm prel or o star adde proc supp amen revi snom icd cpt path prin perf "
        "diag syno cap tumo stag canc ptnm tnm ajcc surg key comm note anci resu immu cyto mole i j l ia iat iatt latt "
        "jatt tatt atte the he as my by elec enti repo dict some thes this **** end a t t- sign comp cost fina sign "
        "rele veri resi conf at page inte gene addi othe rema foot disc flow meth refe limi fda prog biom exam "
        "unof desc",
    )
)


def _tree(words: frozenset[str]) -> str:
    """A pattern of words, their common beginnings told once."""
    after: dict[str, set[str]] = {}
    for word in words - {""}:
        after.setdefault(word[0], set()).add(word[1:])
    branches = [re.escape(first) + _tree(frozenset(rests)) for first, rests in sorted(after.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""


_END, _OPENER_CHARS = "\x1f", 4
_OPENER = _tree(frozenset(one + _END * (len(one) < _OPENER_CHARS) for one in _OPENERS)).replace(_END, "(?![a-z*])")
_OPENING_WORD = rf"\s{{0,3}}(?P<mark>[-*#<\[(]?)\s{{0,2}}(?={_OPENER})"
_TOP, _OPENING = re.compile(_OPENING_WORD), re.compile(rf"[\n.:;)\]>]{_OPENING_WORD}")
# What attests a report or judges its fitness for a study, within its sentence, whose first words may be misread.
_ATTESTED = {
    "personally": re.compile(
        r"\bpersonally[,.]? (?:\w+[,.]? ){0,2}?(?:review|examin|perform|conduct|interpret|view)", re.IGNORECASE
    ),
    "attest": re.compile(r"\battest(?:ation)? that\b", re.IGNORECASE),
    "(electronic": re.compile(r"\(electronic(?:ally)? sign", re.IGNORECASE),
    "qualified designee": re.compile(r"\bqualified designee\b", re.IGNORECASE),
    "participants of appraisal": re.compile(r"\bparticipants of appraisal\b", re.IGNORECASE),
}
"""Each with words that it begins with, in small letters."""
_FORM = re.compile(r"\b(?:\w+ ){0,5}\wiscrepan\w+")
_FORM_CHARS = 80
# What may stand before them in a sentence of its own: "My sig. ature ...", "Criteria. Diagnosis Discrepancy".
_BROKEN_OFF = re.compile(r"(?:\b(?:my \w{0,8}|by this|and|I|M\. ?D)[.,]{1,2}\s{1,2}){1,3}$", re.IGNORECASE)
_FORM_BROKEN_OFF = re.compile(r"(?:\b\w{0,4}(?:riteria|gnosis|gnusis|gnesis)\.\s){1,3}$", re.IGNORECASE)
_SENTENCE_CHARS = 120
# Titles that end, not begin, with a word of their own.
_TABLE = re.compile(
    r"(?:^|[\n.:;)\]>])\s{0,3}(?P<synoptic>(?:(?:(?!SEE )[A-Z&]+\.?,? ){0,5}(?<!SEE )(?:CHECKLIST"
    r"|PATHOLOGIC PARAMETERS)|(?:(?!See )[A-Z&][a-z]*,? ){0,5}(?<!See )(?:Checklist|Pathologic Parameters)))"
    r"(?=\s{0,2}[:.\n])"
)
_TABLE_WORDS = ("CHECKLIST", "Checklist", "PARAMETERS", "Parameters")
# A line that states a stage or grade itself, as "TNM stage: pT2", is a finding and heads nothing.
_STATED = re.compile(
    r"[^.:\n]{0,60}?(?:(?:[=:(-]\s{0,2}\(?|\s)[ypr]{0,3}T(?:\s?[0-4]|\s?is\b|[xli][abc]?\b|(?<=[ypr]T)[xli])|[=:-]\s{0,2}\(?G\s?[0-4])",
    re.IGNORECASE,
)
# So is what announces an addendum, and "Gross examination only."
_ANNOUNCED = re.compile(r"[^.:\n]{0,60}\b(?:to follow|will|pending|only)\b", re.IGNORECASE)
_SPECIMEN_NUMBER = re.compile(r"SPECIMENS?\s*[(\-]?\s*[#(]?\s*(?:\d{1,2}|[A-RT-Z])\s*[:.)]", re.IGNORECASE)
_GROSS_FEATURES = re.compile(r"(?:features|appearance): gross$", re.IGNORECASE)
# "Diagnosis. Description. Details." are the columns of a form.
_COLUMN = re.compile(
    r"\b(?:details|diagnosis|comments?|description|ID|microscopic)\s?[.:]\s*description$", re.IGNORECASE
)
_COLUMN_CHARS = 20
# Fields of a protocol's table, whose first one may be "Specimen".
_PROTOCOL = re.compile(
    r"[.:;\n]\s{1,3}(?:SPECIMEN (?:LATERALITY|INTEGRITY|SIZE|TYPE|WEIGHT)|TUMOU?R (?:SITE|SIZE|FOCALITY|LOCATION|"
    r"LATERALITY|EXTENT)|LATERALITY|HISTOLOGIC(?:AL)? (?:TYPE|GRADE)|PROCEDURE|LYMPH NODE SAMPLING|OTHER ORGANS)\b"
    r"[^.:\n]{0,40}:",
    re.IGNORECASE,
)
_PROTOCOL_CHARS, _LEAST_FIELDS = 250, 2
_SPECIMEN_FIELD = re.compile(r"SPECIMENS?\s*[.:]\s", re.IGNORECASE)
# "Frozen section diagnosis is confirmed." is a sentence.
_SAID = re.compile(r"\b(?:is|was|are|were|confirmed|corroborated)\b", re.IGNORECASE)
_CUT_OFF = re.compile(
    r"\b(?:of|the|on|by|and|or|for|with|in|to|is|are|from|an?|as|were|was|this|that)\.? $", re.IGNORECASE
)
_REFERRED_TO = re.compile(r"\bsee(?: the)?\.? $", re.IGNORECASE)  # "Carcinoma, see. NOTE. Margins are free."
_REPORTED_IN = re.compile(r"\b(?:in|as|an|the)\.? $", re.IGNORECASE)  # "will be reported in an. ADDENDUM. 2. Node"
_CUT_OFF_CHARS = 10
_RESULTS = frozenset({SectionKind.ANCILLARY, SectionKind.SYNOPTIC})
# "Immunohistochemical stains were. performed and ...", "TNM. classification ..."; protocols go on in small letters too.
_GOES_ON = re.compile(r"\.\s{1,2}(?:\w+ed|was|were|is|are|on|at|for|in|the|and|to|by|with|of|shows?|classification)\b")
_STATES = re.compile(r"\b(?:is|was|are|were|confirms?|demonstrates?|shows?|performed)\b", re.IGNORECASE)
_ANNOUNCING = frozenset({SectionKind.ADDENDUM, SectionKind.GROSS})
_BRACKETS = frozenset("([")
_TERMINATOR = re.compile(r"(?:\s*\([^)]{0,40}\))?[\s:.\->]*")
DETAIL = frozenset({SectionKind.SYNOPTIC, SectionKind.COMMENT, SectionKind.ANCILLARY})
"""Kinds that may stand within a diagnosis, below a part's findings, without ending it."""


def headings(report: str) -> list[Heading]:
    """The headings of a report in order, titles of diagnoses aside.

    A numbered specimen ("Specimen #1:") heads a part of a diagnosis, and is no heading here.
    """
    low = _lowered(report)
    found = [*_opened(report, low), *_tables(report), *_attested(report, low)]
    return sorted(found, key=lambda heading: heading.start)


def _attested(report: str, low: str) -> Iterator[Heading]:
    """Sentences of attestation, and the form by which a study judges a report, without headings of their own."""
    found = [
        *((at, _BROKEN_OFF) for at in _attestations(report, low)),
        *((at, _FORM_BROKEN_OFF) for at in _forms(report)),
    ]
    for begun, above in found:
        top = max(0, begun - _SENTENCE_CHARS)
        start = max(report.rfind(". ", top, begun) + 2, report.rfind("\n", top, begun) + 1)
        start = start if start > max(top, 1) else begun
        broken_off = above.search(report, max(0, start - 40), start)
        start = broken_off.start() if broken_off else start
        yield Heading(kind=SectionKind.ADMINISTRATIVE, start=start, body=start)


def _attestations(report: str, low: str) -> Iterator[int]:
    for words, pattern in _ATTESTED.items():
        at = low.find(words)
        while at >= 0:
            if pattern.match(report, at):
                yield at
            at = low.find(words, at + 1)


def _forms(report: str) -> Iterator[int]:
    at, end = report.find("iscrepan"), 0
    while at >= 0:
        found = _FORM.search(report, max(end, at - _FORM_CHARS), at + _FORM_CHARS)
        if found:
            yield found.start()
            end = found.end()
        at = report.find("iscrepan", max(at + 1, end))


def _tables(report: str) -> Iterator[Heading]:
    """Titles of check lists: "STOMACH TISSUE CHECKLIST."."""
    if any(map(report.__contains__, _TABLE_WORDS)):
        for found in _TABLE.finditer(report):
            after = _TERMINATOR.match(report, found.end())
            yield Heading(
                kind=SectionKind.SYNOPTIC, start=found.start("synoptic"), body=after.end() if after else found.end()
            )


def _lowered(report: str) -> str:
    """A text in small letters, with every character at its place."""
    low = report.lower()
    return low if len(low) == len(report) else "".join(c.lower() if len(c.lower()) == 1 else c for c in report)


def _opened(report: str, low: str) -> Iterator[Heading]:
    top = _TOP.match(low)
    for opening in chain((top,) if top else (), _OPENING.finditer(low, top.end() if top else 0)):
        found = _HEADING.match(low, opening.end())
        if found is None:
            continue
        name = found.lastgroup or ""
        start = found.start(name)
        if name in ("signature", "disclaimer"):
            kind = SectionKind.ADMINISTRATIVE if name == "signature" else SectionKind.DISCLAIMER
            yield Heading(kind=kind, start=start, body=start)
            continue
        kind = SectionKind(name)
        if opening["mark"] in _BRACKETS:
            continue  # "... a mass of 2 cm (AJCC pT1c)."
        if report[start].islower() and (
            (report[start : found.end()].islower() and report.startswith(". ", found.end()))
            or _CUT_OFF.search(report, max(0, start - _CUT_OFF_CHARS), start)
        ):
            continue  # the last word of a sentence, on a line of its own; a sentence that a line break cut
        if kind is SectionKind.SPECIMENS and _SPECIMEN_NUMBER.match(report, start):
            continue
        if kind is SectionKind.INTRAOPERATIVE and _SAID.search(report, start, found.end()):
            continue
        if kind is SectionKind.SYNOPTIC and _STATED.match(report, start):
            continue
        if kind in _RESULTS and report[found.end()] != ":" and _is_sentence(report, start, found.end()):
            continue
        if kind is SectionKind.COMMENT and _REFERRED_TO.search(report, max(0, start - _CUT_OFF_CHARS), start):
            continue
        if kind in _ANNOUNCING and _ANNOUNCED.match(report, start):
            continue
        if kind is SectionKind.ADDENDUM and _REPORTED_IN.search(report, max(0, start - _CUT_OFF_CHARS), start):
            continue
        if kind is SectionKind.GROSS and _COLUMN.search(report, max(0, start - _COLUMN_CHARS), found.end()):
            continue
        if kind is SectionKind.GROSS and _GROSS_FEATURES.search(report, max(0, opening.start() - 12), found.end()):
            continue
        after = _TERMINATOR.match(report, found.end())
        if kind is SectionKind.SPECIMENS and _opens_protocol(report, start):
            yield Heading(kind=SectionKind.SYNOPTIC, start=start, body=start)  # its first field is one of the table's
            continue
        yield Heading(kind=kind, start=start, body=after.end() if after else found.end())


def _is_sentence(report: str, start: int, end: int) -> bool:
    """Whether the words of a heading, which end with a full stop, are a sentence of findings, or the first of one."""
    return _GOES_ON.match(report, end) is not None or _STATES.search(report, start, end) is not None


def _opens_protocol(report: str, start: int) -> bool:
    """Whether "Specimen:" is the first field of a protocol's table."""
    if not _SPECIMEN_FIELD.match(report, start):
        return False
    return len(_PROTOCOL.findall(report, start, start + _PROTOCOL_CHARS)) >= _LEAST_FIELDS


def is_bare_specimen(report: str, heading: Heading) -> bool:
    """Whether a heading is "SPECIMEN." alone, which is also the first block of a protocol's table."""
    return heading.kind is SectionKind.SPECIMENS and _SPECIMEN_FIELD.match(report, heading.start) is not None


def is_page_foot(report: str, heading: Heading) -> bool:
    """Whether a heading is the foot of a page, rather than what a laboratory says of its tests."""
    return heading.kind is SectionKind.DISCLAIMER and _PAGE_FOOT.match(report, heading.start) is not None
