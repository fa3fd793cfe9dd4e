"""Numbers of a person, a case, a licence or a thing: by their key, by their shape, and their tails again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.number_keys import FIRST_WORDS, KEYED, LEAST_DIGITS
from pathalign.text.deidentification.words import Words

_D = r"[0-9OolILS]"
_ACCESSION = re.compile(
    rf"(?<![\w.-])(?:"
    rf"(?!T-?\d)[A-Z]{{1,4}}[\s-]?(?:19|"
    rf"2[0O])?{_D}{{2}}[-:/–]\s?(?:[A-Z]{{1,3}}[-:]?)?{_D}{{3,8}}"  # S24-12345, HS-19-00123
    rf"|(?:19|20)?\d{_D}[-:/–]?[A-Z]{{1,3}}[-:/–]?\s?{_D}{{3,8}}"  # 24-S-12345, 24S12345, 19:S1234
    rf"|[A-Z]{{1,3}}-(?:19|20)?\d\d-\d{{2,7}}"
    rf"|[A-Z]{{1,2}}(?:19|20)\d\d[-/.]?\d{{3,7}}"  # H2019/12345
    rf"|[A-Z]{{1,2}}\.?\d\d\.\d{{4,6}}"  # B19.12345
    rf"|[A-Z]{{2,4}}\d{{7,12}}"
    rf"|TCGA-[A-Z0-9]{{2}}-[A-Z0-9]{{4}}(?:-[A-Z0-9]{{2,4}}){{0,5}}"
    rf")(?![\d%])(?!\.\d)",
)
_MIXED = re.compile(
    rf"(?<![\w.-])(?:"
    rf"[A-Z]{{1,5}}[-:]?{_D}{{1,8}}(?:(?:[-:][A-Z]{{0,3}}|/){_D}{{1,8}}){{1,3}}[A-Z]?"  # PS2150-321569, SU:71-7469
    rf"|{_D}{{1,5}}[-:]?[A-Z]{{1,4}}[-:]?{_D}{{2,8}}(?:[-:/]{_D}{{2,7}}){{0,2}}[A-Z]?"  # 98:S19749R, 837-SP-07-47037
    rf"|[A-Z]{{1,3}} \d\d {_D}{{4,6}}"  # SC 27 5938
    rf"|[A-Z]{{1,3}}-?{_D}{{6,10}}[A-Z]?|[A-Z]{{2,3}}-{_D}{{5}}"  # H7532919, BB-814120
    rf"|{_D}{{1,2}}-{_D}{{6,8}}"  # 88-8973863
    rf"|{_D}{{6,10}}[A-Z]"  # 512561786A
    rf"|\d\d\.{_D}{{5,6}}"  # 18.11147
    rf")(?![\w%>])(?!\.\d|[-/]\d(?!\d?[A-Z]\b)|\s?(?:cm|mm|g|mg|ml|k?b)\b)"
)
"""Letters and digits of a case in one of many orders; what five digits and more belong to."""
_GROUPED = re.compile(
    rf"(?<![\w.,/-])(?:{_D}{{3}}-{_D}{{2}}-{_D}{{2}}|{_D}{{5}}-{_D}{{4}}|\d\d-\d\d-\d\d|(?<!\d "
    rf")\d{_D}{{2}} {_D}{{2}} {_D}{{2}}(?! \d|\s?[x%]))(?![\w-]|\.\d)"
)
"""A record number of seven digits in groups, a postcode of nine."""
_GENERIC = re.compile(
    r"(?:(?:no|nbr|nr|num|number|id|ref)\b[\s.:#(]{0,4}|(?:file|chart|case|under|numbered|stamped|tagged|etched|supersedes|wristband|bracelet|armband|member|group|subscriber|secondary|policy|client)\b[\s:#(]{1,4})"
    r"(?P<value>(?=[\w/:.-]{0,12}\d)[A-Z0-9][A-Za-z0-9]{0,19}(?:[-/.:](?=\w)[A-Za-z0-9]{1,12})"
    r"{0,6}(?: \d{2,4}(?!\w|[.,/-]\d)){0,2})",
    re.IGNORECASE,
)
_GENERIC_KEYS = frozenset(
    (
        "no",
        "nbr",
        "nr",
        "num",
        "number",
        "id",
        "ref",
        "file",
        "chart",
        "case",
        "under",
        "numbered",
        "stamped",
        "tagged",
        "etched",
        "supersedes",
        "wristband",
        "client",
        "policy",
        "secondary",
        "subscriber",
        "group",
        "member",
        "bracelet",
        "armband",
    )
)
_HASHED = re.compile(
    r"#\s?:?\s?(?P<value>(?=[\w/:.-]{0,12}\d)[A-Za-z0-9]{1,20}(?:[-/.:](?=\w)[A-Za-z0-9]{1,12})"
    r"{0,6}(?: \d{2,4}(?!\w|[.,/-]\d)){0,2})"
)
CATALOGUE = re.compile(
    r"(?:cat(?:alog(?:ue)?)?|clone|snomed|icd|cpt|code|protocol|version|page|level)s?[\s.#:no-]{0,8}$", re.IGNORECASE
)
_YEAR_NUMBER = re.compile(rf"(?<![\w./,-])(?:19|20)?\d{_D}-{_D}{{3,7}}\b(?!\s?(?:cm|mm|x\b)|[.,]\d|-\d)")
_CASE_BEFORE = re.compile(
    r"(?:\bcase|\bspecimen|\bsee|\breport|\baccession|\bprevious\w{0,2}|\bprior|\bslides?|\bbiopsy|\bpathology|#|"
    r"\(|\bno\.?|\bnumber)"
    r"[\s#:(]{0,3}$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NO_ACCESSION = re.compile(
    r"(?:CD|CK|HER|IL|PD|RP|MUC|BCL|HBME|TP|PIN|CIN|GATA|SOX|PAX|WT|HMB)[\s-]?\d(?![\dOlS]-(?!88)\d{4})"
    r"|FS[\s-]?\d(?![\dOlS]-\d{4})",
    re.IGNORECASE,
)
_SSN = re.compile(rf"(?<![\w-])(?:{_D}{{3}}-{_D}{{2}}-{_D}{{4}}|\d{{3}} \d\d \d{{4}})(?![\w-])")
_CLIA = re.compile(r"(?<!\w)\d\dD\d{7}(?!\w)")
_VIN = re.compile(r"(?<!\w)(?=[A-Z]{0,16}\d)(?=\d{0,16}[A-Z])(?=[A-Z0-9]{0,16}\d{4})[A-HJ-NPR-Z0-9]{17}(?!\w)")
_UDI = re.compile(r"\(01\)\s?\d{14}(?:\s?\(\d\d\)\s?[\w-]{1,20}){0,4}")
_LONG = re.compile(r"(?<![\w.,/+-])\d{7,20}(?![\w%]|[.,/]\d|-\d)")
_HASH = re.compile(r"(?<!\w)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!\w)", re.IGNORECASE)
CODED_BEFORE = re.compile(
    r"(?:snomed|sct|loinc|icd|cpt|codes?|morphology|topography|concept|catalog|pubmed|pmid|doi)\W{0,3}(?:ct|"
    r"id)?[\W\d]{0,120}$",
    re.IGNORECASE,
)
_ICD_O = re.compile(r"[MTPDF]-?\d|[MTPDF]\s\d")


def find_numbers(words: Words) -> Iterator[Finding]:
    """Numbers with a key beside them, then those whose shape alone says what they are."""
    report = words.report
    yield from _with_key(words)
    yield from _with_common_key(words)
    longest = words.longest_number
    for kind, rule, pattern, least in (
        (Kind.ACCESSION, "accession", _ACCESSION, 3), (Kind.SSN, "ssn", _SSN, 3), (Kind.LICENCE, "clia", _CLIA, 7),
        (Kind.VEHICLE, "vin", _VIN, 4), (Kind.DEVICE, "udi", _UDI, 14), (Kind.NUMBER, "long number", _LONG, 7),
        (Kind.NUMBER, "uuid", _HASH, 0), (Kind.ACCESSION, "mixed", _MIXED, 2), (Kind.MRN, "grouped", _GROUPED, 2),
    ):  # fmt: skip
        for match in words.at_numbers(pattern) if longest >= least else ():
            if rule == "accession" and not _is_accession(match[0]):
                continue
            if rule == "grouped" and len(match[0]) == 8 and not _no_date(match[0]):
                continue
            if rule == "mixed" and not _is_mixed(match[0]):
                continue
            if rule == "long number" and CODED_BEFORE.search(report[max(0, match.start() - 150) : match.start()]):
                continue
            yield Finding(match.start(), match.end(), kind, rule)
    for match in words.at_numbers(_YEAR_NUMBER) if longest >= 3 else ():
        before = report[max(0, match.start() - 16) : match.start()]
        if _CASE_BEFORE.search(before) or _MATERIAL_OF.search(before):
            yield Finding(match.start(), match.end(), Kind.ACCESSION, "accession")


def _with_key(words: Words) -> Iterator[Finding]:
    """The value after each key; keys are tried where their first word stands, and near a digit."""
    report = words.report
    for index in words.where(FIRST_WORDS):
        start = words.starts[index]
        if not _DIGIT.search(report, start, start + 60):
            continue
        for kind, pattern in KEYED:
            match = pattern.match(report, start)
            if match and _is_number(match["value"], LEAST_DIGITS.get(kind, 4)):
                yield Finding(match.start("value"), match.end("value"), kind, "number field")


def _with_common_key(words: Words) -> Iterator[Finding]:
    """The value after "no.", "#" and other keys of any number, where it has five digits and is no code."""
    report = words.report
    for index in words.where(_GENERIC_KEYS):
        if (match := _GENERIC.match(report, words.starts[index])) and _is_any(report, match):
            yield Finding(match.start("value"), match.end("value"), Kind.NUMBER, "number")
    for match in _HASHED.finditer(report) if "#" in report else ():
        if _is_any(report, match):
            yield Finding(match.start("value"), match.end("value"), Kind.NUMBER, "number")


def _is_any(report: str, match: re.Match[str]) -> bool:
    value = match["value"]
    misread = value[0].isdigit() and sum(map(str.isdigit, value)) == 4 and len(value) == 5
    if not _is_number(value.translate(_READ) if misread else value, 5) or CODES.fullmatch(value):
        return False
    return not CATALOGUE.search(report[max(0, match.start() - 14) : match.start()])


CODES = re.compile(r"(?:CPT|ICD|SNO|LOINC)-?\d+|[DO0]\d{1,2}[S5]\d{1,5}|[A-Z]\d-\d{5}|[A-Z]{0,5}-?\d{4}/\d")
"""A microsatellite, a procedure of SNOMED, a morphology of ICD-O."""


def _no_date(text: str) -> bool:
    """Whether two digits, two and two can be no date and no count of three: "43-50-11"."""
    first, second, third = (int(part) for part in text.split("-"))
    return min(first, second) > 12 and max(first, second) > 31 and not first < second < third


def _is_mixed(text: str) -> bool:
    """Whether letters and digits are the number of a case, and no antibody, code, stage, range of blocks or size."""
    digits = sum(map(str.isdigit, text))
    letters = [char for char in text if char.isalpha()]
    runs = re.findall(r"\d[\dOolILSB]*", text)
    misread = len(_MISREAD.findall(text, 1))
    if digits < 5 or misread > digits // 3 or is_code(text) or _NO_ACCESSION.match(text):
        return False
    if not letters:
        return len(runs[-1]) > 4
    parted = any(mark in text for mark in "-:/ ")
    return max(map(len, runs)) >= 4 and (parted or digits > 5) and not CODES.fullmatch(text)


def _is_number(value: str, least: int) -> bool:
    return sum(map(str.isdigit, value)) >= least and not is_code(value) and not _YEAR.fullmatch(value)


_BLOCKS = re.compile(r"(?P<letter>[A-H])(?P<first>\d{1,2})-(?:(?P=letter)|8)(?P<last>\d{1,2})")
"""A range of blocks, its second letter also as OCR reads a B: "C31-834"."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_TAIL = re.compile(r"\d{4,}")
_SHORT_TAIL = re.compile(r"(?<!\d)\d{3}$")
_SHORT_RUN = re.compile(
    r"(?:(?:#|\bno\.?|\bcase|\bblocks?|\bslides?|\bcassettes?|\bmarked|\btagged|\blabell?ed|"
    r"\bstamped|\bref\.?|\bthrough|\bimmunos? \w+ on|\[|\bonly|\bending(?: in)?|\btray|\bcf\.?|"
    r"\bnumber|/|\bsee|(?:recuts?|levels?|slides?|blocks?|sections?|tissue|stains?) (?:of|on|from)|"
    r":)\s{0,2}|\bon )"
    r"(?P<tail>\d[\dOolILSB]{2})(?![.,]\d|\w|\s?(?:cm|mm|g|gm|grams|ml)\b)|"
    r"(?<![\w.,-])(?P<block>\d[\dOolILSB]{2})(?=-[A-Z]?\d{0,2}\b| [A-H]\d{1,2}\b)",
    re.IGNORECASE,
)
"""Three digits where a report repeats the end of a number that has no more."""
_READ = str.maketrans("OolILSB", "0011158")
_RUN = re.compile(r"(?<![\w.,])\d[\dOolILSB]{3,}(?=[A-H]\d{1,2}\b|(?!\w))(?![.,]\d|\s?(?:cm|mm|g|gm|grams|ml)\b)")
_MATERIAL_OF = re.compile(r"\b(?:blocks?|tissues?|slides?|sections?|levels?) (?:of|from)\s$", re.IGNORECASE)
_BLOCK = re.compile(r"\s[A-H]\d{1,2}\b")
_MISREAD = re.compile(r"(?<=\d)[OolIS]|(?<=[-/.:])[OolIS](?=\d)")
_TAILED = frozenset((Kind.MRN, Kind.ACCESSION, Kind.ACCOUNT, Kind.HEALTH_PLAN, Kind.SSN, Kind.NUMBER))


def find_tails(words: Words, findings: list[Finding]) -> Iterator[Finding]:
    """The last digits of a case's or a patient's number where the report repeats them without the rest."""
    report = words.report
    tails: dict[str, Finding] = {}
    shorts: dict[str, Finding] = {}
    for finding in findings:
        if finding.kind in _TAILED:
            value = report[finding.start : finding.end]
            read = _TAIL.findall(value.translate(_READ))  # an "S" between digits may be a 5, or part them
            for tail in (*_TAIL.findall(value), *read, *(run[-n:] for run in read for n in (4, 5, 6))):
                tails.setdefault(tail.lstrip("0") or tail, finding)
            if finding.kind in (Kind.ACCESSION, Kind.NUMBER) and (short := _SHORT_TAIL.search(value.translate(_READ))):
                shorts.setdefault(short[0], finding)
    for match in _SHORT_RUN.finditer(report) if shorts else ():
        group = "tail" if match["tail"] else "block"
        if found := shorts.get(match[group].translate(_READ)):
            yield Finding(match.start(group), match.end(group), found.kind, "tail")
    if not tails:
        return
    for match in words.at_numbers(_RUN):
        digits = match[0].translate(_READ)
        found = tails.get(digits.lstrip("0") or digits)
        year = len(digits) == 4 and 1900 <= int(digits) <= 2099
        before = report[max(0, match.start() - 16) : match.start()]
        if found and (
            not year or _CASE_BEFORE.search(before) or _MATERIAL_OF.search(before) or _BLOCK.match(report, match.end())
        ):
            start = match.start()
            lead = re.search(r"(?:\b[A-Z]{0,3}\d\d|\b[A-Z]{1,3})[-:]$", report[max(0, start - 8) : start])
            yield Finding(start - len(lead[0]) if lead else start, match.end(), found.kind, "tail")


def _is_accession(text: str) -> bool:
    """Whether a match has the digits of a number of a case, and is no antibody, clone or range of blocks."""
    digits = sum(map(str.isdigit, text))
    misread = len(_MISREAD.findall(text, 1))
    return digits >= 5 and misread <= digits // 3 and not is_code(text) and not _NO_ACCESSION.match(text)


def is_code(value: str) -> bool:
    """Whether a value is a code of morphology or topography, a stage or a block, which stay."""
    blocks = _BLOCKS.fullmatch(value)
    if blocks and int(blocks["first"]) < int(blocks["last"]) <= int(blocks["first"]) + 30:
        return True
    return _ICD_O.match(value) is not None and re.fullmatch(r"[MTPDF]-?\s?[\dA-F]{4,5}(?:/\d)?", value) is not None
