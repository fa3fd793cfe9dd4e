"""What is said of a list of markers in a clause, before it or after it."""

from __future__ import annotations

import re

from pathalign.text.stains.clause import Item, Kind
from pathalign.text.stains.groups import Group, bracket_end, is_graded, is_unknown_name
from pathalign.text.stains.line_ends import over_line_ends
from pathalign.text.stains.stain import StainKind

ORGANISMS = frozenset(
    {"Helicobacter pylori", "CMV", "HSV", "Pneumocystis", "Spirochetes", "Adenovirus", "Toxoplasma", "HHV-8"}
)
AFTER = {Kind.STAIN, Kind.FILLER, Kind.COLON, Kind.OPEN, Kind.QUALITY, Kind.CLOSE, Kind.FOR}
_BEFORE_LIST = {Kind.FILLER, Kind.STAIN, Kind.QUALITY, Kind.COLON, Kind.SEEN}
_FAR = 8
"""Items that may stand between a marker and its verdict."""
_MOST_SHOWN = 2
"""Words of what a marker shows."""
_ARTICLES = frozenset({"the", "a", "an", "by", "with", "of", "to"})
_NOTHING = frozenset(
    (
        *(
            "evidence",
            "metastasis",
            "metastases",
            "metastatic",
            "micrometastasis",
            "micrometastases",
            "tumor",
            "tumour",
        ),
        *("organism", "organisms", "microorganisms", "fungal", "fungi", "fungus", "acid-fast", "acid", "bacilli"),
        *("mycobacteria", "amyloid", "hyphae", "yeast", "bacteria", "iron", "mucin"),
        *("lymphatic", "lymphovascular", "vascular", "venous", "angiolymphatic", "pleural", "invasion", "viral"),
    )
)
"""What "shows no ..." denies where it is a marker that was looked for."""
_OF_STAINING = re.compile(r"(?:immuno-?)?(?:stain|reactiv|express|label)", re.IGNORECASE)


def verdict_before(text: str, items: list[Item], group: Group) -> str:
    """The verdict of a list that follows it: "positive for", "expresses", "loss of", "Negative:"; "" for none."""
    first = group.first
    at = first - 1
    tied = stained = quality = passed = False
    while at >= 0 and first - at <= _FAR:
        item = items[at]
        if item.kind is Kind.VERDICT:
            is_noun = at == first - 1 and text[item.end - 3 : item.end].lower() == "ity"
            bound = tied or is_noun or item.value in ("lost", "retained") or _is_attribute(items, at, group)
            if text[item.start : item.end].lower() == "normal":
                bound = items[first].value.lower().lstrip("h")[:3] in ("mlh", "msh", "pms")
            return _turned(item.value, items, at) if bound and (tied or not passed) else ""
        if item.kind is Kind.EXPRESS:
            return _turned("positive", items, at)
        if item.kind is Kind.NOT:
            return "negative" if _denies(items, at, group) else ""
        if item.kind is Kind.SHOWS and stained and tied and not _is_said_after(items, group.last):
            if items[at + 1].value.casefold() in ("by", "with", "on"):
                return ""  # "confirmed with a stain for"
            return _turned("positive", items, at)  # "shows strong nuclear staining for"
        if item.kind is Kind.STAIN:
            stained = True
        elif item.kind in (Kind.FOR, Kind.COLON):
            tied = True
        elif item.kind is Kind.QUALITY:
            quality = True
        elif item.kind is Kind.AND and _joins_qualities(items, at):
            pass
        elif ((item.kind is Kind.AND and item.value != "/") or (passed and is_unknown_name(item))) and not tied:
            if _is_said_after(items, group.last):
                return ""
            passed = True  # "positive for okapi and CD10"
        elif not tied and _is_before_a_bracket(items, at, first):
            pass  # "negative for melanocytic markers (S100, HMB-45)"
        elif at == first - 1 and _is_misread_name(items, at) and not _is_said_after(items, group.last):
            pass  # "negative for TTE-Lar CK7"
        elif item.kind not in _BEFORE_LIST:
            break
        at -= 1
    if tied and not _is_said_after(items, group.last) and (of := _OF_TISSUE.search(text, *_before(items, first))):
        return "negative" if of[1][0] in "nN" else "positive"
    if quality and items[first - 1].kind in (Kind.QUALITY, Kind.FILLER) and _is_staining(items, group.last):
        return "positive"  # "strong nuclear CK7 staining"
    if quality and tied and items[first - 1].kind is Kind.FOR and _is_staining(items, group.last):
        return "positive"  # "show a diffuse pattern of CA9 expression"
    if first > 1 and items[first - 2].value.casefold() == "presence" and _is_staining(items, group.last):
        return "positive"  # "presence of CK7 reactivity"
    is_shown = tied and stained and quality and not passed  # "diffuse staining for"
    return "positive" if is_shown and not _is_said_after(items, group.last) else ""


_OF_TISSUE = re.compile(
    over_line_ends(
        r"\b(posit|negat)iv(?:ity|e (?:staining|reactivity)) (?:of|in)(?: (?!for\b|with\b|to\b)[\w-]{1,20}){1,4} "
        r"(?:for|with|to)(?: [\w-]{1,20}){0,2}\s?$"
    ),
    re.IGNORECASE,
)
"""The staining of a tissue for the markers that follow: "positivity of epithelial cells for"."""
_BEFORE_CHARS = 100


def _before(items: list[Item], first: int) -> tuple[int, int]:
    return max(items[0].start, items[first].start - _BEFORE_CHARS), items[first].start


def _denies(items: list[Item], at: int, group: Group) -> bool:
    """Whether a "no" or "not" before a list denies it: "lacks", "no staining for", "but not", "no keratin staining"."""
    word = items[at].value.casefold()
    between = items[at + 1 : group.first]
    if word.startswith("lack") or any(item.kind is Kind.STAIN for item in between):
        return True
    if word == "not" and at and items[at - 1].value.casefold() in ("but", "and"):
        return all(item.kind in (Kind.FOR, Kind.FILLER) for item in between) and not _is_said_after(items, group.last)
    if word not in ("no", "without"):
        return False
    after = items[group.last + 1 : group.last + 3]
    is_stained = bool(after) and after[0].kind is Kind.STAIN and _OF_STAINING.match(after[0].value) is not None
    is_positive = bool(after) and after[0].value == "positive" and len(between) == 0
    return is_positive or (is_stained and not any(item.kind is Kind.VERDICT for item in after))


def _is_before_a_bracket(items: list[Item], at: int, first: int) -> bool:
    """Whether an item is the bracket of a list, or the word before "markers" that stands before the bracket."""
    if items[at].kind is Kind.OPEN:
        return at == first - 1 and at > 0 and items[at - 1].value.casefold() in _OF_MARKERS
    return items[at].kind is Kind.OTHER and at == first - 3 and items[at + 1].value.casefold() in _OF_MARKERS


_OF_MARKERS = frozenset(("markers", "marker", "antibodies", "stains", "immunostains"))


def _is_misread_name(items: list[Item], at: int) -> bool:
    """Whether a word between "for" and a marker looks like a name that OCR broke."""
    value = items[at].value
    return (
        items[at].kind is Kind.OTHER
        and at > 0
        and items[at - 1].kind is Kind.FOR
        and re.search(r"[A-Z].*[A-Z\d]|-", value) is not None
        and not (value.isalpha() and value.isupper())
    )


def _is_staining(items: list[Item], last: int) -> bool:
    """Whether "staining" or "expression" stands behind a list, with no verdict behind it."""
    after = items[last + 1] if last + 1 < len(items) else None
    return (
        after is not None
        and after.kind is Kind.STAIN
        and after.value.casefold() not in ("stain", "stains", "stained", "immunostain", "immunostains")
        and _OF_STAINING.match(after.value) is not None
        and verdict_after(items, last)[0] in ("", "positive")
    )


_AROUND_ATTRIBUTE = {Kind.OPEN, Kind.SHOWS, Kind.AND}


def _is_attribute(items: list[Item], at: int, group: Group) -> bool:
    """Whether a verdict stands just before its marker, as in "the negative CD117", with none after it."""
    if at != group.first - 1 or _is_said_after(items, group.last):
        return False
    if at == 0 or items[at - 1].value.casefold() in _ARTICLES or items[at - 1].kind in _AROUND_ATTRIBUTE:
        return True
    after = items[group.last + 1 : group.last + 2]
    return bool(after) and after[0].kind is Kind.STAIN and items[at - 1].kind in (Kind.OTHER, Kind.FOR, Kind.COLON)


def _is_said_after(items: list[Item], last: int) -> bool:
    return verdict_after(items, last) != ("", "")


def verdict_after(items: list[Item], last: int) -> tuple[str, str]:
    """(verdict, value) that follow a list: "are positive (95 %)", ": 20 %", "is not expressed", "shows no staining"."""
    if is_graded(items, last) or _is_graded_field(items, last):
        return "positive", re.sub("ly$", "", next(i.value for i in items[last:] if i.kind is Kind.QUALITY).casefold())
    value, quality, implied = "", "", ""
    denied = comma = shown = how = False
    others = 0
    stained = items[last].stain is not None and "receptor" in items[last].value.casefold()
    for at in range(last + 1, min(last + 1 + _FAR + _clone(items, last), len(items))):
        item = items[at]
        if item.kind is Kind.VERDICT:
            if _leads_a_list(items, at) or _is_one_of_two(items, at):
                break
            verdict = _opposite(item.value) if denied else item.value
            return verdict, value or _value_after(items, at) or quality
        if item.kind is Kind.VALUE:
            value = value or tidy(item.value)
            if how and implied:
                break
        elif item.kind is Kind.NOT:
            denied = True
        elif item.kind is Kind.QUALITY:
            quality = quality or re.sub("ly$", "", item.value.casefold())
            how = True
        elif item.kind is Kind.SHOWS:
            if denied and not item.value.casefold().startswith("support"):
                return "negative", ""  # "fails to demonstrate"
            shown = True
        elif item.kind is Kind.SEEN:
            if not stained and not denied and items[at - 1].kind is not Kind.COLON:
                break
            implied = "negative" if denied or _is_denied_before(items, last) else "positive"
        elif item.kind is Kind.EXPRESS and denied:
            return "negative", ""  # "does not react with the tumour"
        elif item.kind is Kind.STAIN:
            if denied and (shown or items[at - 1].kind is Kind.NOT or items[at - 2].kind is Kind.NOT):
                return "negative", ""
            if not denied and _OF_STAINING.match(item.value) and (shown or _is_described(items, last, at)):
                implied = "positive"
            stained = True
        elif (
            denied
            and (shown or items[last + 1].kind is Kind.COLON)
            and (item.value.casefold() in _NOTHING or _is_organism(item))
        ):
            return "negative", ""
        elif item.value.casefold() == "and" and at + 1 < len(items) and items[at + 1].kind is Kind.SHOWS:
            pass  # "was done on A1 and shows no staining"
        elif item.value == "," and not comma and not value:
            comma = True
        elif shown and item.kind is Kind.OTHER and item.value[0].isalnum() and others < _MOST_SHOWN:
            others += 1
        elif shown and item.kind is Kind.AND and item.value.casefold() == "and":
            pass  # "shows fibrillary and granular positivity"
        elif item.kind is Kind.FILLER and item.value.casefold() in _PLACES:
            how = True
        elif _is_object(items, last, at):
            pass  # "Congo red stain for amyloid is negative"
        elif item.kind not in AFTER and not _joins_qualities(items, at) and at > last + _clone(items, last):
            break
    if implied:
        return implied, "" if implied == "negative" else value or quality
    return "", "" if denied else value


_GRADES = re.compile(r"high|low|mild|marked|limited", re.IGNORECASE)


def _is_graded_field(items: list[Item], last: int) -> bool:
    """Whether a clause ends with how much is stained: "Vimentin - focal", "p63: patchy, weak"."""
    after = items[last + 1 :]
    return (
        len(after) > 1
        and after[0].kind is Kind.COLON
        and all(i.kind in (Kind.QUALITY, Kind.AND) and not _GRADES.match(i.value) for i in after[1:])
        and after[1].kind is Kind.QUALITY
        and items[last].stain is not None
        and items[last].value.casefold().find("ki") != 0
    )


_CLONE = re.compile(r"(?=[A-Za-z/-]*\d)(?=\d*[A-Za-z/-])[\w/-]{3,9}$|\d{3,4}$")
_PLACES = frozenset(("nuclear", "cytoplasmic", "membranous", "membrane"))


def _clone(items: list[Item], last: int) -> int:
    """How many items behind a list are the code of a clone: 1 in "PgR 636 positive", 2 in "ER (6F11, 0 %"."""
    after = items[last + 1 : last + 3]
    code = after[1:] if after and after[0].kind is Kind.OPEN else after
    if not code or code[0].kind is not Kind.OTHER or _CLONE.match(code[0].value) is None:
        return 0
    return 2 if after[0].kind is Kind.OPEN else 1


def _is_described(items: list[Item], last: int, at: int) -> bool:
    """Whether words of how something stains stand between a list and a noun: "E-cadherin: membranous reactivity"."""
    between = items[last + 1 : at]
    stain = items[last].stain
    if (stain and stain.name == "Ki-67") or any(i.kind is Kind.VALUE and i.value[-1] != "+" for i in between):
        return False
    if not any(i.kind is Kind.QUALITY or i.value.casefold() in _PLACES for i in between):
        return bool(between) and between[-1].kind is Kind.VALUE and between[0].kind is Kind.COLON
    described = all(i.kind in _DESCRIBES or _joins(items, last + 1 + n) for n, i in enumerate(between))
    return described and items[at].value.casefold() not in ("stains", "stained", "stain")


_DESCRIBES = {Kind.QUALITY, Kind.FILLER, Kind.COLON, Kind.VALUE}


def _joins(items: list[Item], at: int) -> bool:
    return items[at].value.casefold() in ("and", "to", ",")


def _is_object(items: list[Item], last: int, at: int) -> bool:
    """Whether a word is of what a special stain is for: "GMS stain for fungal organisms"."""
    stain = items[last].stain
    if stain is None or stain.kind is not StainKind.SPECIAL or items[at].kind not in (Kind.OTHER, Kind.AND):
        return False
    between = items[last + 1 : at]
    return any(item.kind is Kind.FOR for item in between[:3]) and items[at].value[0].isalpha()


def _is_organism(item: Item) -> bool:
    return item.stain is not None and item.stain.name in ORGANISMS


def _is_denied_before(items: list[Item], last: int) -> bool:
    """Whether a "no" stands before the one marker: "No progesterone receptors found"."""
    return any(item.kind is Kind.NOT for item in items[max(0, last - 2) : last])


def _is_one_of_two(items: list[Item], at: int) -> bool:
    """Whether a verdict is followed by another of the same list: "ER/PR: positive/negative"."""
    after = items[at + 1 : at + 3]
    return [item.kind for item in after] == [Kind.AND, Kind.VERDICT] and after[0].value != ","


def _joins_qualities(items: list[Item], at: int) -> bool:
    """Whether an item is the "and" of "strongly and diffusely"."""
    return items[at].value.casefold() in ("and", "to", ",", "or") and all(
        i.kind is Kind.QUALITY for i in items[at - 1 : at + 2 : 2]
    )


def _leads_a_list(items: list[Item], at: int) -> bool:
    """Whether a verdict is said of the list after it: ", negative for CK20"."""
    for item in items[at + 1 : at + 1 + _FAR]:
        if item.kind is Kind.MARKER:
            if items[at].value in ("lost", "retained") and item is items[at + 1]:
                return True  # "no loss of DPC4"
            if item.stain is not None and item.stain.name in ORGANISMS:
                return False  # "Giemsa stain is negative for Helicobacter pylori"
            return any(i.kind in (Kind.FOR, Kind.COLON) for i in items[at + 1 : items.index(item)])
        if item.kind not in (Kind.FOR, Kind.STAIN, Kind.FILLER, Kind.QUALITY, Kind.COLON):
            return False
    return False


def _value_after(items: list[Item], at: int) -> str:
    for item in items[at + 1 : at + 1 + _FAR]:
        if item.kind is Kind.VALUE:
            return tidy(item.value)
        if item.kind not in AFTER and item.value != ",":
            break
    return ""


def result_of_bracket(items: list[Item], at: int) -> str:
    """The value or the quality in the bracket after a marker: "(95 %)", "(focal)"."""
    closed = bracket_end(items, at + 1)
    inside = items[at + 2 : closed] if closed is not None else []
    value = next((tidy(item.value) for item in inside if item.kind is Kind.VALUE), "")
    return value or next((re.sub("ly$", "", i.value.casefold()) for i in inside if i.kind is Kind.QUALITY), "")


def _turned(verdict: str, items: list[Item], at: int) -> str:
    """A verdict, or its opposite where "not" stands before it."""
    for item in reversed(items[max(0, at - 3) : at]):
        if item.kind is Kind.NOT:
            return _opposite(verdict)
        if item.kind not in (Kind.FILLER, Kind.QUALITY):
            break
    return verdict


def _opposite(verdict: str) -> str:
    return {"positive": "negative", "lost": "retained", "retained": "lost"}.get(verdict, "")


def tidy(value: str) -> str:
    """A value with one space before its unit and none before "+"."""
    value = re.sub(r"\s?(?:%|percent)$", " %", " ".join(value.split()), flags=re.IGNORECASE)
    return re.sub(r"(?<=[0-3])\s\+$", "+", value)
