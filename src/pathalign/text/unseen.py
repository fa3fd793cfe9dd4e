"""What a report says and no slide shows: taken out of a sentence, or the sentence given up.

Sizes, laterality, node counts, margin distances, weights, dates, stage codes and recommendations must not be generated
(a model could only invent them), so they must not stand in the text that it learns to write.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pathalign.text.malignancy import is_malignant

_NUMBER = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|"
    r"eigh|nine)teen|(?:twenty|thirty|forty|fifty|sixty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_UNIT = r"(?:cms?|mms?|centimet\w+|millimet\w+|microns?|µm)"
_LENGTH = (
    rf"\d+(?:[.,]\d+)?(?:\s*{_UNIT}?\s*(?:x|×|by|to|-)\s*\d+(?:[.,]\d+)?){{0,3}}\s*-?\s*{_UNIT}\b\.?"
    r"(?:\s*(?:in|at)?\s*(?:its |the )?(?:greatest|largest|maximum|maximal|max)\s*(?:dimensions?|diameters?|extent|"
    r"size)"
    r"|\s*in (?:size|diameter|length|thickness|aggregate|extent))?"
)
_ABOUT = r"(?:approximately |about |up to |at least |less than |estimated at )?[~<>]?\s?"

GRADE = re.compile(
    r"\b(?:(?:who|isup|fuhrman|nottingham|histologic(?:al)?|nuclear|figo|overall|primary|secondary|combined|total)\s+)*"
    r"(?:grade(?:\s+group)?|gleason(?:'?s)?(?:\s+(?:score|sum|pattern|grade))*|[cpva]in|clark(?:'?s)?\s+level)"
    r"\s*(?:of|is|:|=)?\s*\(?[0-5](?:\s*\+\s*\d)*(?:\s*=\s*\d{1,2})?(?:\s*(?:/|of|out of|to|-|and)\s*\d{1,2})?"
    r"(?!\d|\.\d|\s?%)"
    r"|\bgleason(?:'?s)?\s+(?:score|sum|grade)?\s*:?\s*(?:[6-9]|10)\b(?:\s*\([1-5]\s*\+\s*[1-5]\))?(?:\s*/\s*10)?"
    r"|(?<!\d)[1-5]\s*\+\s*[1-5](?:\s*=\s*\d{1,2})?(?:\s*/\s*10)?(?!\d)",
    re.IGNORECASE,
)
"""Grades, which a slide shows: the only digits that a generated text may hold."""

SIDE = re.compile(
    r"\b(?:right|left|bilateral(?:ly)?|laterality|o['’]?\s?clock|quadrants?|quads?|[ul][oi]q|r[uml]l|l[ul]l)\b",
    re.IGNORECASE,
)
"""Words of laterality and of position in the body."""

# A field of a synoptic table whose value is not on the slide.
_FIELD = re.compile(
    r"^(?:(?:total|tumou?r|specimen|primary|lesion|surgical|regional|histologic|pathologic(?:al)?|distant|additional|"
    r"greatest|"
    r"closest|largest|maximum|operative|tnm|resection|anatomic)\s+)*(?:size|sites?|location|laterality|weight|"
    r"procedures?|"
    r"specimens?|focality|dimensions?|margins?|lymph nodes?|number|nodes?|depth|distance|metastas[ie]s|orientation|"
    r"metastatic focus|extent|thickness|integrity|type of (?:specimen|procedure)|blocks?|(?<=primary )tumou?r|"
    r"stag(?:e|ing)|organ|quadrant|part|level|evidence of neo)\b[^:=]{0,50}[:=]",
    re.IGNORECASE,
)
# The heading of a list, without what it heads.
_TITLE = re.compile(
    r"(?:tumou?r (?:characteristics|features)|[\w ]*\bstatus|other(?: (?:significant )?findings)?|findings|note|"
    r"(?:final )?diagnosis|specimen|tumou?r|margins?|lymph nodes?|summary|additional (?:pathologic )?findings|"
    r"\(?electronic signature\)?|verified|suggestion|permanent chart copy|[\w ]+ report)$",
    re.IGNORECASE,
)
# For small letters: a clause that is about the case, the glass or the next step, not about the tissue.
_ASIDE = re.compile(
    r"\b(?:recommend\w*|suggest(?:ed)? (?:clinical|correlation|follow)|advise[ds]?|correlat\w+|follow-?up|please|"
    r"refer to|clinic(?:al(?:ly)?|ian)|physician|surgeon|attest|signed|dictated|reviewed|pathologists?|"
    r"(?:frozen|permanent|quick) section|consultation|submitted|received|designated|labell?ed|gross(?:ly)?|"
    r"macroscopic\w*|blocks?|slides?|ajcc|uicc|p?tnm|stage[ds]?|staging|[yr]?p\s?[tnm]\s?[0-4xi][a-d]?\w*|"
    r"t[0-4x][a-d]?|n[0-3x][a-c]?|m[0x1]|dr|m\.?d|addendum|previous\w*|history|see (?:also |the )?\w+|"
    r"not (?:applicable|specified|assessed|reported|submitted|provided)|cannot be assessed|n/a|unknown|as follows|"
    r"reports?|intradepartmental\w*|weigh\w*|grams?|gms?|surgical resection)\b",
)
_SEE = re.compile(
    r"[,;(]?\s*\b(?:please )?see(?:\s+(?:the\s+|also\s+)?(?:comments?|notes?|below|above|synop\w+|micro\w+|description|"
    r"template)[^,;.]*|$)",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]?")
_SIZE = re.compile(
    rf"\s*\b(?:(?:(?:which |that )?(?:is |are )?(?:measur(?:es|ing|ed)|spans|spanning)|of|is)\s+)?{_ABOUT}{_LENGTH}"
    r"(?:\s+and\b(?=\s+\w+(?:s|ing)\b))?",
    re.IGNORECASE,
)
_ONLY_SIZE = re.compile(rf"\b(?:is|are|was|were|measures?|spans)\s+{_ABOUT}{_LENGTH}\W*$", re.IGNORECASE)
_PLACE = re.compile(
    r"\s*\b(?:(?:of|in|from|at|involving|within)\s+)?(?:the\s+)?(?:(?:right|left|bilateral)(?:[- ]sided)?[- ])?"
    r"(?:(?:upper|lower|middle|mid|outer|inner)[- ]){1,2}(?:lobes?|quadrants?|poles?)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\s*\b(?:(?:at|from|near)\s+)?(?:the\s+)?\d{1,2}(?::00)?(?:\s*(?:-|to)\s*\d{1,2}(?::00)?)?\s*o['’]?\s?clock"
    r"(?:\s+position)?",
    re.IGNORECASE,
)
_LATERALITY = re.compile(
    r"\b(?:both )?(?:the )?(?:right|left)\s*(?:and|or|/|&)\s*(?:the )?(?:right|left)\b[- ]?(?:sided)?\s*"
    rf"|{SIDE.pattern}(?:[- ]sided)?\s*",
    re.IGNORECASE,
)
_PLACES = ("lobe", "quadrant", "pole", "clock")
_SIDES = ("right", "left", "lateral", "clock", "quad", "uiq", "uoq", "liq", "loq", "rul", "rml", "rll", "lul", "lll")
"""Words that hold every word of a place and of a side; a cheap test before their patterns."""
_DIGIT = re.compile(r"\d")
_UNIT_WORD = re.compile(rf"\b{_UNIT}\b", re.IGNORECASE)
_COUNT = rf"(?<![\d+])\b{_NUMBER}\s*(?:/|of|out of)\s*(?:the\s+|a total of\s+)?{_NUMBER}\b"
_COUNTED = re.compile(_COUNT, re.IGNORECASE)
_ZERO = re.compile(rf"(?<![\d.+])\b(?:0|zero|none)\s*(?:/|of|out of)\s*(?:the\s+)?(?:{_NUMBER}|\w+)\b", re.IGNORECASE)
_IN_NODES = re.compile(
    rf"\s*\b(?:in|to|involving|within)\s+(?:{_COUNT}|{_NUMBER})\s+(?:[\w-]+\s+){{0,3}}?nodes?\b", re.IGNORECASE
)
_NODES = re.compile(
    rf"\b(?:a total of\s+)?{_NUMBER}\s+(?:\({_NUMBER}\)\s+)?(?=(?:[\w-]+\s+){{0,6}}?nodes?\b)", re.IGNORECASE
)

# Without one of these a clause has nothing to take out; most have none, and the test is cheap.
_SUSPECT = re.compile(
    rf"\d|\b(?:{SIDE.pattern}|(?:upper|lower|middle|mid|outer|inner|dimensions?|diameter|measur\w+|{_UNIT})\b|"
    rf"{_NUMBER}(?:\b(?=.{{0,120}}\bnodes?\b)| (?:out )?of\b))",
)

_NEGATION = re.compile(
    r"\b(?:no|not|non|none|zero|never|without|negative|neg|absent|absence|free|devoid|uninvolved|lack\w*|neither|nor|"
    r"cannot|excluded?|clear)\b",
    re.IGNORECASE,
)
_REACHES_ON = re.compile(
    r"\b(?:no|not|without|negative for|absence of|free of|free from|neither|nor|lack\w* of)\b", re.IGNORECASE
)
_REACHES_BACK = re.compile(
    rf"^\W*(?:(?:is|are|was|were|be|been|not|none|absent|negative)\b|{_ZERO.pattern})", re.IGNORECASE
)
_OPEN = (
    r"of|in|to|with|within|by|than|from|at|on|and|or|for|the|a|an|is|are|was|were|measures?|measuring|approximately|"
    r"about|less|up|as|including|involving|into|least|which|that|between"
)
_OPEN_LETTERS = frozenset(word[-2:] for word in (*_OPEN.replace("?", "").split("|"), "measure"))
_OPEN_END = re.compile(rf"(?:[\s,:;/&+<>=~-]+|\b(?:{_OPEN})\b)+$", re.IGNORECASE)
_OPEN_START = re.compile(r"^(?:[\s,:;/&+<>=~.-]+|\b(?:and|or|of|in|to|by|from|at|than|which|that)\b)+", re.IGNORECASE)
_MEASURE = re.compile(r"\b(?:dimensions?|diameter|measur\w+)\b", re.IGNORECASE)
_NEGATION_END = re.compile(
    r"\b(?:no|not|without|negative for|free of|free from|absence of|nor|neither)$", re.IGNORECASE
)
_COMMA, _SEMICOLON = re.compile(r",(?!\d)(?![^()]*\))"), re.compile(r";(?![^()]*\))")
_DISTANCE = re.compile(
    rf"\b(?:within|by|from|than|into|depth of|comes to)\s+{_ABOUT}{_LENGTH}"
    rf"|{_LENGTH}\s*(?:from|away|short of|below|beyond)\b",
    re.IGNORECASE,
)
_TUMOUR = re.compile(r"\b(?:tumou?r|neoplas|malignan|metasta|\w*oma\b|dysplas|disease|cancer)", re.IGNORECASE)
# Words that say nothing once a number, a side or a place is gone from between them.
_HOLLOW = re.compile(
    r"\b(?:greatest|largest|maxim\w+|max|dimensions?|diameter|size[ds]?|extent|meas\w+|approximately|about|aggregate|"
    r"linear|overall|total|length|thickness|depth|distance|closest|nearest|margins?|tumou?rs?|lesions?|mass|nodules?|"
    r"foc[ui]s?|specimens?|number|count|examined|identified|present|seen|lymph|nodes?|positive|involved|locat\w+|"
    r"sites?|"
    rf"levels?|cm|mm|it|its|breslow|grade|histologic(?:al)?|nuclear|score|type|lobes?|poles?|s|side[ds]?|{_OPEN})\b|"
    rf"[\W_]+",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)  # reports repeat their stock phrases
def strip_unseen(sentence: str, *, of_nodes: bool = False) -> str:
    """The part of a finding that a slide can show, without a final full stop; "" when nothing worth saying is left.

    Clauses are taken out whole where a phrase cannot be. A clause that takes a negation away takes away what the
    negation governs, so that no denied finding is left as a stated one. `of_nodes` says that the slide shows a lymph
    node: "metastatic carcinoma in 1 of 3 lymph nodes" then keeps its tumour.
    """
    text = " ".join(sentence.split())
    text = (_SEE.sub("", text) if "see" in text.lower() else text).strip(" .")
    if ((":" in text or "=" in text) and _FIELD.match(text)) or _TITLE.match(text):
        return ""
    segments = [_segment(segment, of_nodes) for segment in (_SEMICOLON.split(text) if ";" in text else (text,))]
    kept = "; ".join(segment for segment in segments if segment)
    if not kept or kept == text:
        return kept
    if not _TUMOUR.search(kept) and not _HOLLOW.sub("", kept):
        return ""  # "... 15% of the mass, and is present": of what, was lost
    still = is_malignant(kept)
    said = None if still is None else is_malignant(text)
    # The last guard: whatever the rules above missed, what is left may not say the opposite of the whole.
    return "" if (still is True and said is not True) or (still is False and said is True) else kept


def _segment(segment: str, of_nodes: bool) -> str:
    """The visible clauses of one part of a sentence."""
    bare = _BRACKET.sub(_bracket, segment) if any(map(segment.__contains__, "([{")) else segment
    if bare != segment and _ZERO.search(segment) and not _ZERO.search(bare) and not _NEGATION.search(bare):
        return ""  # "metastatic carcinoma (0/5)": the bracket alone denied it
    if bare.rstrip(" .").endswith(":"):
        return ""  # the bracket was all that the label said
    kept: list[str] = []
    for clause in _COMMA.split(bare) if "," in bare else (bare,):
        visible = _clause(clause, of_nodes)
        if visible:
            kept.append(visible)
        elif _REACHES_BACK.match(clause):
            return ""
        elif _REACHES_ON.search(clause):
            break
    text = ", ".join(kept)
    if text.count("(") != text.count(")"):
        text = re.sub(r"[()]", "", text)  # the other half was lost to a line break
    return text if text == segment.strip() else _closed(_OPEN_START.sub("", text))


def _closed(text: str) -> str:
    """A text without the words and signs at its end that wait for more; its last letters tell most that have none."""
    ending = text[-2:].lower()
    return text if ending.isalnum() and ending not in _OPEN_LETTERS else _OPEN_END.sub("", text)


def _bracket(match: re.Match[str]) -> str:
    """A bracket that holds only what a slide shows stays; one with other numbers, sides or remarks goes."""
    inner = match[1]
    bare = GRADE.sub("", inner)
    return (
        ""
        if re.search(r"\d", bare) or SIDE.search(inner) or _ASIDE.search(inner.lower()) or not inner.strip()
        else match[0]
    )


def _clause(clause: str, of_nodes: bool) -> str:
    """A clause without its unseen phrases; "" when it is to be dropped as a whole."""
    low = clause.lower()
    if _ASIDE.search(low) or (any(map(low.__contains__, ("0", "zero", "none"))) and _ZERO.search(clause)):
        return ""
    if not _SUSPECT.search(low):
        return clause.strip(" .:-")
    text = _IN_NODES.sub("", clause) if of_nodes or _NEGATION.search(clause) else clause
    if _DISTANCE.search(text):
        return ""
    if not _NEGATION.search(text):
        # Beside a negation a distance is its condition: "not present within 2 mm of the margin" says little of the
        # tumour, and without the 2 mm it would say too much.
        if _ONLY_SIZE.search(text) and not re.search(r"oma\b", text, re.IGNORECASE):
            return ""
        text = _SIZE.sub("", text) if _DIGIT.search(text) else text
    if _COUNTED.search(text) and not GRADE.search(text):
        return ""
    if "node" in low:
        text = _NODES.sub("", text)
    if any(map(low.__contains__, _PLACES)):
        text = _CLOCK.sub("", _PLACE.sub("", text))
    if any(map(low.__contains__, _SIDES)):
        text = _LATERALITY.sub("", text)
    if (_DIGIT.search(text) and _DIGIT.search(GRADE.sub("", text))) or _UNIT_WORD.search(text):
        return ""
    if text == clause and not _MEASURE.search(text):
        return clause.strip(" .:-")
    text = " ".join(_OPEN_START.sub("", _closed(text)).split())
    said = _HOLLOW.sub("", text if _TUMOUR.search(text) else _NEGATION.sub("", text))
    return "" if _NEGATION_END.search(text) or not said else text
