"""Initials of who dictated, typed, called or checked: two to four letters that are no word, where somebody is due."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import VOCABULARY, word_set
from pathalign.text.deidentification.name_shapes import CREDENTIALS
from pathalign.text.deidentification.words import Words

_METHODS = word_set(
    "lsab ihc ish fish cish sish pcr ngs mri ct cta mra pet spect us eus ercp ebus vats fna fnab "
    "cnb em if elisa ffpe tem "
    "sem cgh msi tma xrt cxr ivp pas gms afb hpf lpf mlh msh pms npi clia cap cpt icd cpt fsa fs tp hpv cmv ebv hsv "
    "hiv pos neg wnl nos nec poa icu ccu ed er or pacu opd sdc gi gu ent gyn ob obgyn nicu micu sicu usa dob mrn ssn "
    "rpt wbc rbc plt hgb hct tsh psa ldh ptt cbc wks mth mths hrs mcg gms cms mls nml blk blks sld slds lns lvi pni "
    "law way hand far day eye ear age ago why yet let put say see get got run set sit top try use who own our out off "
    "old new now men man mom dad boy car any all one two six ten end act aid air arm bag bar big "
    "bit box but far few for had has her him his hot ice its job key leg lie low "
    "acct loc rm bed am pm est edt cst pst utc inc llc ltd corp dept attn ext tel fax jan feb mar apr may jun jul aug "
    "sep sept oct nov dec mon tue wed thu fri sat sun st nd rd th cc bcc re vs etc rt lt bx dx hx rx tx sx fx pt pts"
)
"""Short codes of methods, places and dates that nobody signs with."""
_VERBS = word_set(
    "typed keyed entered called coded amended corrected rescreen rescreened screened screening printed accessioned "
    "grossed transcribed dictated verified released signed phoned telephoned faxed paged initialed initialled checked "
    "logged scanned stamped made cut requested notified read reviewed issued cosigned edited updated "
    "received labeled labelled relabeled inked opened approved finalized reported communicated relayed tech transcr "
    "performed processed stained prepared retrieved pulled filed discarded returned forwarded given taken counted"
)
"""Among the words before "by": done by a person."""
_METHODICAL = word_set(
    "performed stained prepared received reviewed reported read made taken processed counted labeled"
)
"""Those after which a method may stand too: initials only in three letters before a mark."""
_KEYS = word_set(
    "sec rev microtomy coverslip embedding qc'd user tech technician typ typist trans transcr "
    "transcribed transcriptionist tr chk chkd checked checker initials "
    "initialed initialled rescreened rescreen screener typed keyed entered operator clerk histotech cytotech grosser "
    "grossed dictated dict accessioner embedder stainer secretary steno stenographer signed path "
    "proofread proofed verified verifier opr oper usr"
)
"""Before initials, with or without a colon."""
_SHORT = word_set("sec rev tech typ trans transcr tr ti chk dict steno opr oper init by")
_ROLES = word_set(
    "qc qa qi init jobs job dr back readback pathologist review reviewer exam resident pa fellow attending staff per "
    "micro gross assistant prosector"
)
"""The same, where initials end the line, the sentence or the column."""
_AFTER = re.compile(
    r"\s{2}|[ \t]?[.,;:)\]|\n/]|[ \t]?$|\s\(|\s\d| (?:at|on|for|to|from|before|after|and|in|with|using|as|per|then)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s{2}|[.,;:)\]|\n]|\s?$")
_AFTER_WHO = (
    r"(?=[ \t]{0,8}(?:\d|[DT]{1,2}:|(?:D|T|DD|DT|TD|TT)\s?[:/]|cc\b|CC\b|[A-Z][A-Za-z]{2,8}\.? \d|"
    r"[.,;]?\s{0,8}$|[.;]?\n|\.\s|\s{2}))"
)
_PAIR = re.compile(rf"/ ?(?P<who>[A-Za-z]{{2,4}}){_AFTER_WHO}")
_COLON_PAIR = re.compile(rf":(?P<who>[A-Za-z]{{2,4}}){_AFTER_WHO}")
_NEXT_KEY = re.compile(r" [A-Z][A-Za-z]{1,12}\b:? ")
_MORE = re.compile(r"(?:, ?| ?/ ?| and )(?P<who>[A-Za-z]{2,4})(?=\s{2}|[.;)\n]|$)")
_LAST = re.compile(r"[,;(] ?(?P<who>[A-Z]{2,3}|[a-z]{3})(?=[.)]?(?:\s{2}|\n|\.?\s?$|\. ))")
_TIMED = re.compile(r"\d:?\d\d[ ,]{1,2}$")
_BRACKETED = re.compile(r"\((?P<who>[a-z]{3}|[A-Z]{3}(?=\),? {0,2}(?:on |ON )?\d)|(?<=\d \()[A-Z]{3})\)")
"""Initials alone in brackets: small ones, capitals beside a date or a time."""
_DATE_NEXT = re.compile(r"\s{0,6}(?:\d|[A-Z][A-Za-z]{2,8}\.? \d)")
_FIRST = re.compile(r"(?:^|[\s.,(|*])(?P<who>[A-Za-z]{2,4})\s?$")


def are_initials(raw: str) -> bool:
    """Whether a word can be nothing but somebody's initials: no word of reports, no code; all capitals or all small."""
    low = raw.lower()
    if not raw.isalpha() or not 2 <= len(raw) <= 4 or (not raw.isupper() and not raw.islower()):
        return False
    return (
        low not in VOCABULARY
        and low not in CREDENTIALS
        and low not in _METHODS
        and not (len(raw) == 2 and raw.islower())
    )


def _no_word(raw: str) -> bool:
    """Three letters without a vowel, which nothing but initials and codes have."""
    return len(raw) == 3 and not set(raw.lower()) & set("aeiouy")


def find_initials(words: Words) -> Iterator[Finding]:
    """Initials after who signs, after "by" and in pairs ("JQX/abd")."""
    report = words.report
    for index in words.where(_TRIGGERS):
        low = words.lower[index]
        if low in _TELLING:
            yield from _around_telling(words, index)
        if low in _ONLY_TELLING or index + 1 >= len(words) or not are_initials(words.raw[index + 1]):
            continue
        gap = words.gap(index)
        if (
            len(gap) > 6
            or gap.strip(" \t.:#-=*\n" + ("," if "back" in low else ""))
            or ("." in gap and low not in _SHORT)
        ):
            continue
        end = words.ends[index + 1]
        if low == "by":
            shown = _by(words, index)
        elif low in _KEYS:
            shown = bool(_AFTER.match(report, end) or _NEXT_KEY.match(report, end) or _no_word(words.raw[index + 1]))
        else:
            near = report[max(0, words.starts[index] - 14) : words.starts[index]] + report[end : end + 14]
            shown = _ENDS.match(report, end) is not None and (":" in gap or any(map(str.isdigit, near)) or "  " in near)
            shown = (shown and len(words.raw[index + 1]) > 2) or (
                words.raw[index + 1].islower() and _no_word(words.raw[index + 1])
            )
        if shown:
            yield Finding(words.starts[index + 1], end, Kind.NAME, "initials")
            if (more := _MORE.match(report, end)) and are_initials(more["who"]):
                yield Finding(more.start("who"), more.end("who"), Kind.NAME, "initials")
    for match in _BRACKETED.finditer(report) if "(" in report else ():
        if _no_word(match["who"]) and are_initials(match["who"]):
            yield Finding(match.start("who"), match.end("who"), Kind.NAME, "initials")
    for low in words.unknown:
        if len(low) == 3 and _no_word(low) and are_initials(low):
            yield from _alone(words, low)
    for pattern in (_PAIR, _COLON_PAIR):
        for match in pattern.finditer(report):
            yield from _pair(report, match)


_TELLING = word_set(
    "called phoned notified readback read paged faxed relayed communicated conveyed discussed informed reported"
)
_TRIGGERS = _KEYS | _ROLES | _TELLING | frozenset(("by",))
_ONLY_TELLING = _TELLING - _KEYS - _ROLES


def _around_telling(words: Words, index: int) -> Iterator[Finding]:
    """Initials of who told somebody: "JQX notified Dr. Roe", "called to Dr. Roe, read back, JQX."."""
    report, before = words.report, index - 1
    if before >= 0 and len(words.raw[before]) == 3 and words.gap(before) == " " and are_initials(words.raw[before]):
        start = words.starts[before]
        if report[max(0, start - 2) : start] in ("", ". ", "; ", "  ") or report[start - 1] == "\n":
            yield Finding(start, words.ends[before], Kind.NAME, "initials")
    last = _LAST.search(report, words.ends[index], words.ends[index] + 110)
    if last and are_initials(last["who"]) and not report[last.end() : last.end() + 1].isalnum():
        yield Finding(last.start("who"), last.end("who"), Kind.NAME, "initials")


def _alone(words: Words, low: str) -> Iterator[Finding]:
    """Three letters that are no word: small ones anywhere, capitals behind a mark or at a line's end."""
    index = words.last[low]
    while index >= 0:
        raw, gap = words.raw[index], words.gap(index)
        before = words.gap(index - 1) if index else "\n"
        joined = (
            before[-1:].isdigit() or gap[:1].isdigit() or before[-1:] in "-._@'" or gap[:1] in ("-", "_", "@", "'", "+")
        )
        ends = gap in ("", ".") or gap[:1] in ("\n", "/", ")") or gap[:2] == "  " or gap[:2].strip(" ").isdigit()
        marked = before[-1:] in "/(:\n\t|" or before[-2:] in ("  ", ": ", "/ ", "- ")
        marked = marked or _TIMED.search(before) is not None
        if not joined and (raw.islower() or (raw.isupper() and ends and marked)):
            yield Finding(words.starts[index], words.ends[index], Kind.NAME, "initials")
        index = words.same[index]


def _by(words: Words, index: int) -> bool:
    """Whether somebody did it: a verb before "by" that persons do, or a date; a mark behind."""
    if not _AFTER.match(words.report, words.ends[index + 1]):
        return False
    before = words.lower[max(0, index - 24) : index]
    verbs = _VERBS.intersection(before)
    if not verbs:
        raw = words.raw[index + 1]
        return _no_word(raw) or (index > 0 and any(map(str.isdigit, words.gap(index - 1))))
    return bool(verbs - _METHODICAL) or len(words.raw[index + 1]) == 3


def _pair(report: str, match: re.Match[str]) -> Iterator[Finding]:
    """Who dictated and who typed; who typed alone after a name's credential ("... MD/jqx")."""
    second = match["who"]
    if not are_initials(second):
        return
    first = _FIRST.search(report, max(0, match.start() - 6), match.start())
    if first and are_initials(first["who"]):
        before = report[max(0, first.start("who") - 2) : first.start("who")]
        alone = not before or before[-1] in "\n|" or before in ("  ", ". ")
        if match[0][0] == "/" or _DATE_NEXT.match(report, match.end()) or (alone and len(second) == 3):
            yield Finding(first.start("who"), match.end("who"), Kind.NAME, "initials")
    elif match[0][0] == "/" and report[max(0, match.start() - 5) : match.start()].rstrip(" ").rstrip(
        "."
    ).upper().endswith(("MD", "M.D", "DO", "D.O", "PHD", "PA", "PH.D")):
        yield Finding(match.start("who"), match.end("who"), Kind.NAME, "initials")
