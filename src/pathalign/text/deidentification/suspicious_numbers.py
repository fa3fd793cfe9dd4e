"""Numbers that nothing announces and nothing says to be medical: five digits and more, in whatever groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.numbers import CATALOGUE, CODED_BEFORE, CODES, is_code
from pathalign.text.deidentification.words import Words

_TOKEN = re.compile(
    r"(?<![\w.,/&+-])(?=[A-Za-z:/-]{0,12}\d)[A-Z0-9][A-Z0-9OolISB]{0,19}(?:[-:/.][A-Z0-9][A-Z0-9OolISB]{0,19}){0,5}"
    r"(?![\w%+]|[.,/-]\d|\s?(?:cm|mm|g|gm|gms|grams?|kg|mg|ml|cc|hours?|hrs?|minutes|years?|yrs?|y/?o|x|X|×|cells|µm|um)\b)"
)
_DIGITS = re.compile(r"\d")
_MISREAD = re.compile(r"(?<=\d)[OolISB]|(?<=[-/.:])[OolIS](?=\d)|[OolI](?=\d)")
_MARKED = re.compile(r"(?:[A-Z]{1,3}|\d\d)-\d[\dOlIS]-\d[\dOlIS]")
_SIZES = re.compile(r"\d{1,3}(?:\.\d+)?(?:[xX*/-]\d{1,3}(?:\.\d+)?){1,3}")
"""A size without its unit, a fraction, a range of counts."""
_BLOCKS = re.compile(
    r"(?:\d{1,2}[-.:]?)?[A-Z]{1,2}\d{1,2}(?:[-/][A-Z]{0,2}\d{1,2}){1,5}|(?:[A-Z]?\d{1,2}[-/:]){1,5}[A-Z]?\d{1,2}[A-Z]?"
)
"""Blocks, their ranges and lists."""
_MARKERS = re.compile(
    r"(?:CD|CK|HER|IL|PD|RP|MUC|BCL|HBME|TP|PIN|CIN|GATA|SOX|PAX|WT|HMB|AE|MIB|SP|CAM|MOC|OCT|TTF|ERG|BER|EP|"
    r"COX|CDX|HSV|HPV|MLH|MSH|PMS|BRAF|KRAS|EGFR|PIK|IDH|V600|DCT|HG|GRCH|NM|RS|CHR)[-\d].{0,20}|"
    r"[pP]?[TNM][0-4X].{0,12}|[A-Z]\d{2,4}[A-Z]{1,3}|\d{1,2}[pq]\d{1,2}(?:\.\d)?|\d{4}/\d|\d{4}-\d{4}|(?:19|20)\d\d[-/](?:19|20)?\d\d|"
    r"[A-Z]?\d{1,3}\.\d{1,4}|\d{1,2}[A-Z]{1,4}\d{1,3}|\d{5}-(?:26|59|TC)|(?:S-?100|HMB-?45)[/-].{1,20}|\d{1,3}(?:,\d{3}){1,2}"
)
"""Antibodies, viruses, genes, stages, variants, bands of chromosomes, codes of diseases, years."""
LEAST_DIGITS = 5
_D = r"[\dOolISB]"
_PHONE = re.compile(
    rf"(?<![\w.,/-])(?:\+?{_D}{{1,2}}[ .\-–/*_·]{{1,3}})?(?:"
    rf"\(?{_D}{{3}}\)?[ .\-–—/*_·,]{{0,3}}{_D}{{3}}[ .\-–—/*_·]{{1,3}}{_D}{{4}}|"
    rf"{_D}{{3}}(?: ?[-–—.·*_] ?){_D}{{4}})"
    r"(?:,? ?(?:x|ext?n?\.?|extension|opt(?:ion)?|#)\.? ?\d{1,6})?(?![\w%]|[.,-]\d|\s?(?:cm|mm|x\b))",
    re.IGNORECASE,
)
"""Three digits and four, or three, three and four, with whatever between them."""
_AGE = re.compile(
    r"(?<![\w.,/:×x+=<>~#-])(?P<age>9[\dOolIS]|1[0O][\dOolIS])(?![\w%×]|[.,/:]\d|[-–]\d|"
    r"\s?(?:%|percent|per|cm|mm|g|gm|gms|grams?|kg|mg|ml|cc|lbs?|pounds?|x|of|out|days?|hours?|hrs?|minutes?|mins?|weeks?|months?|pack|"
    r"cells?|nodes?|fields?|hpf|blasts?|degrees?|nuclei|to|f|c|bpm|over|slides?|blocks?|copies|pages?)\b)"
)
_OF_A_PERSON = re.compile(
    r"\b(?:age[ds]?|old|yo|y\.o|y/o|years?|yrs?|birthday|born|elderly|frail|widow\w{0,4}|wom[ae]n|m[ae]n|gentlem[ae]n|lady|ladies|female|male|"
    r"mother|father|grand\w{4,8}|s?he|his|her|hers|him|patient|pt|decedent|deceased|died|lived?|living|lives|alive|resident|nursing|"
    r"retired|veteran|turn(?:ed|ing|s)|spry|sister|brother|husband|wife|dementia|hospice|comfort|family|centenarian|nonagenarian)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;] |\n")


def find_suspicious_numbers(words: Words) -> Iterator[Finding]:
    """Numbers of five digits and more that are no size, block, stage, marker or code."""
    if words.longest_number < 2:
        return
    report = words.report
    for match in words.at_numbers(_PHONE):
        if not CATALOGUE.search(report, max(0, match.start() - 14), match.start()):
            yield Finding(match.start(), match.end(), Kind.PHONE, "suspicious telephone")
    for match in words.at_numbers(_AGE):
        before = _SENTENCE_END.split(report[max(0, match.start() - 45) : match.start()])[-1]
        after = _SENTENCE_END.split(report[match.end() : match.end() + 30], 1)[0]
        if _OF_A_PERSON.search(before) or _OF_A_PERSON.search(after):
            yield Finding(match.start(), match.end(), Kind.AGE, "suspicious age")
    for match in words.at_numbers(_TOKEN):
        text = match[0]
        if _is_suspicious(text) and not CODED_BEFORE.search(report, max(0, match.start() - 150), match.start()):
            yield Finding(match.start(), match.end(), Kind.NUMBER, "suspicious number")


def _is_suspicious(text: str) -> bool:
    digits = len(_DIGITS.findall(text))
    if digits < 4 or (digits + len(_MISREAD.findall(text)) < LEAST_DIGITS and not _MARKED.fullmatch(text)):
        return False
    if _MARKED.fullmatch(text):
        return True
    return not (
        is_code(text)
        or CODES.fullmatch(text)
        or _SIZES.fullmatch(text)
        or _BLOCKS.fullmatch(text)
        or _MARKERS.fullmatch(text)
    )
