"""Words that no report and no list knows: what stands beside them says whether they are a name or a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

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
    is_medical,
    read_as_name,
    word_set,
)
from pathalign.text.deidentification.name_shapes import CREDENTIALS, SUFFIXES, name_forward, name_like
from pathalign.text.deidentification.words import Words, written_small

_ANNOUNCING = word_set(
    "by attorney staff per w contact call reach patient attention attn regards sincerely yours dear thanks named "
    "husband wife sister brother mother father son daughter aunt uncle"
)
"""Before two unknown words in capitals: a person."""
_LINKING = word_set("to of with from for")
_DEALINGS = word_set(
    "ask thanks according telecon teleconference call called phone phoned telephone telephoned "
    "telephonic discussed discussion agreement "
    "spoke spoken conversation conferred consultation consulted reviewed review request requested attention absence "
    "behalf boy girl infant baby care service released returned handed turned read given forwarded faxed mailed "
    "emailed mail sent matched registered belonging shown presented addressed transferred assigned copy copies "
    "history received obtained courtesy letter message text chat paged reported communicated conveyed relayed "
    "notified go body remains custody opinion supervision direction patient"
)
"""Among the words before "to", "of", "with": what one does with persons."""
_NO_SURNAME = re.compile(
    r"\w*(?:emia|[aio][dsmzr]ine|osine|udina?|vir|ancy|ency|mab|nib|cillin|mycin|statin|azole|coccus|cocci|bacter\w*|virus|iform|type|like|stain\w*|plasm\w*|"
    r"cyto\w*|histo\w*|immuno\w*|micro\w*|macro\w*|peri\w*|lympho\w*|para\w{4,}|intra\w*|extra\w{4,}|sub\w{5,}|"
    r"inter\w{4,}|retro\w*|hyper\w*|neo\w*|angio\w*|fibro\w*|adeno\w*|carcin\w*|"
    r"\w+(?:[^wgps]al|[^vzj]ic|ed|ing|ly|ive|able|ible|ary|ous|ness|ment|ence|ial|sis|ism|ure|ine[ds]|(?:ul|n|st|l)ar|ate|ion|oma)s?)"
)
"""Beginnings and ends of technical and of ordinary words, many of them misread."""
LONGEST_NAME = 30
"""Letters of a word that may be a name."""
_PRODUCT = re.compile(
    r"(?!Ma?c|De|D[ei]l|La|Le|Va[nr]|Von|Di|Du|San|St|Fitz|El|Al|Ben|Ten|O['’]|D['’])[A-Z][a-z]{1,8}[A-Z][a-z]"
)
"""A capital within a word that is no particle's: "FileMaker"."""
_STARTS = re.compile(r"(?:^|[\n\t:;(\[|]|\s{2}|[.,/\"'“”])\s?$")
_ENDS = re.compile(
    r"[ \t]?(?:$|[\n\t\"'“”)\];:|/,]|\s{2}|\.(?:\s|$)|\s[-(\[/|#*]|,?\s\d| (?:and|or|vs|MD|M\.D|MRN|to|for)\b)"
)
_CARE = word_set(
    "alone clinic seen lives living site practice office cancer health resident residing treated followed done "
    "nurse fair lab follow followed surgeon plant chiropractor closer incarcerated prison jail hospitalized planned "
    "performed read home worked works employed near xrt surgery treatment chemo chemotherapy radiation biopsy biopsied "
    "procedure facility hospital operated school teaches native born copies practices shipyard factory mine farm moved "
    "retired boilermaker mill plant interpreted licence license lic completed certificate hospitalized admitted clinics"
)
"""Before "in" and "near": somebody is there."""


def find_unknown(words: Words) -> Iterator[Finding]:
    """Names and places of unknown words, each asked once for what stands around it."""
    small: frozenset[str] | None = None
    for index in words.where(words.unknown):
        raw, low = words.raw[index], words.lower[index]
        if not 2 < len(raw) <= LONGEST_NAME or not raw[0].isupper() or low in CREDENTIALS or low in SUFFIXES:
            continue
        if (not low.isalpha() and not _read(low, raw)) or _PRODUCT.match(raw):
            continue
        if is_medical(low):
            continue
        found = list(_of_word(words, index))
        if found:
            small = written_small(words) if small is None else small
            yield from (f for f in found if not _is_small(words, f, small))


def _is_small(words: Words, finding: Finding, small: frozenset[str]) -> bool:
    """Whether the report also writes a word of a finding in small letters, as it does with no name."""
    inside = range(words.from_offset(finding.start), words.from_offset(finding.end))
    return any(words.lower[i] in small and words.lower[i] not in PARTICLES for i in inside if len(words.raw[i]) > 2)


def _of_word(words: Words, index: int) -> Iterator[Finding]:
    yield from _listed(words, index)
    if words.lower[index] in EPONYMS:
        return
    yield from _after_initial(words, index)
    yield from _with_surname(words, index)
    yield from _place(words, index)


def _read(low: str, raw: str) -> bool:
    """Whether a word with other characters than letters can be one of letters: a misread digit, an apostrophe."""
    plain = low.replace("'", "")
    if plain.isalpha():
        return True
    return len(plain) > 4 and sum(map(str.isdigit, plain)) == 1 and bool(read_as_name(plain, titled=_titled(raw)))


def _titled(raw: str) -> bool:
    """One capital and small letters, digits of OCR among them: "Brackent0n"."""
    return raw[0].isupper() and raw[1:] == raw[1:].lower()


def is_given(low: str) -> bool:
    """Whether a word in lower case is a given name, also as OCR misread it."""
    return low in GIVEN_NAMES or (len(low) > 4 and low not in VOCABULARY and folded(low) in _folded_names())


@cache
def _folded_names() -> frozenset[str]:
    return frozenset(folded(name) for name in GIVEN_NAMES if len(name) > 4)


def looks_like_name(low: str) -> bool:
    """Whether an unknown word in lower case is not built as a technical or an ordinary word is."""
    return 2 < len(low) <= LONGEST_NAME and (len(low) < 5 or _NO_SURNAME.fullmatch(low) is None)


def _listed(words: Words, index: int) -> Iterator[Finding]:
    """A surname, a comma and a given name: "SATTERFIELD, ADELAIDE K" where a line, a mark or a number is beside."""
    after = index + 1
    if after >= len(words) or words.gap(index) not in (", ", ",", ",  "):
        return
    given, raw = words.lower[after], words.raw[after]
    sure = is_given(given)
    if not sure and not (given in NAME_WORDS or (given not in VOCABULARY and looks_like_name(given))):
        return
    if len(raw) < 2 or not raw[0].isupper() or raw.isupper() != words.raw[index].isupper():
        return
    if not sure and not name_like(words, after, sure=True):
        return
    first = _first_of_surname(words, index)
    before = words.report[max(0, words.starts[first] - 2) : words.starts[first]]
    end = after + 1
    if end < len(words) and words.gap(after) == "-" and words.lower[end] not in VOCABULARY:
        end += 1
    middle = end < len(words) and len(words.raw[end]) == 1 and words.gap(end - 1) == " " and words.raw[end].isupper()
    end += middle
    ends = _ENDS.match(words.report, words.ends[end - 1]) is not None
    alone = ends and _STARTS.search(before) is not None and not raw.isupper()
    if words.lower[index] in EPONYMS and not (sure and ends):
        return
    apart = words.report[words.ends[end - 1] : words.ends[end - 1] + 2] == "  "
    said = first > 0 and words.lower[first - 1] in _SAYING
    if (
        sure
        or (given in NAME_WORDS and (middle or apart or (said and ends)))
        or (looks_like_name(words.lower[index]) and ((ends and (middle or alone)) or (said and (middle or ends))))
    ):
        yield Finding(words.starts[first], words.ends[end - 1], Kind.NAME, "listed name")


_SAYING = word_set(
    "reads read says said reading for as is to named labeled labelled called under from jar slip requisition label"
)


def _first_of_surname(words: Words, index: int) -> int:
    """The first word of a surname that ends with word `index`: halves before hyphens, particles."""
    first = index
    while first:
        gap, low = words.gap(first - 1), words.lower[first - 1]
        half = gap == "-" and words.raw[first - 1][0].isupper() and low not in VOCABULARY
        particle = gap in (" ", "-") and low in PARTICLES and low not in ("i", "y", "e", "do", "ten")
        if not half and not particle:
            return first
        first -= 1
    return first


def _after_initial(words: Words, index: int) -> Iterator[Finding]:
    """An initial and a surname within a line: "the patient's attorney M. Ahluwalia", "by J.Q. de la Roe"."""
    first = _first_of_surname(words, index)
    at = first - 1
    if at < 0 or len(words.raw[at]) != 1 or not words.raw[at].isupper() or words.gap(at) not in (". ", "."):
        return
    low, raw = words.lower[index], words.raw[index]
    if not looks_like_name(low):
        return
    if at and len(words.raw[at - 1]) == 1 and words.raw[at - 1].isupper() and words.gap(at - 1) in (". ", "."):
        at -= 1
    letter, before = words.raw[at], words.report[max(0, words.starts[at] - 3) : words.starts[at]]
    key = words.lower[at - 1] if at else ""
    announced = at > 0 and _announced(words, at)
    doing = words.lower[_end_of_surname(words, index) : _end_of_surname(words, index) + 1]
    if doing and (doing[0] in _DOINGS or doing[0].endswith("ologist")):
        announced = True
    if words.gap(_end_of_surname(words, index) - 1)[:1] == "/":
        announced = True  # "D. Roe/jqx"
    listed = letter < "I" and not announced  # "Specimen: A. ..."
    if raw.isupper() and len(raw) < 4 and not announced:
        return
    if before[-1:].isalnum() or _ends_range(words, at):
        return
    if key in ("sex", "gender") or (low in NAME_WORDS and not announced) or (listed and ":" in before):
        return
    within = before[-1:] == " " and (before[-2:-1].isalpha() or before[-2:-1] in tuple(",;:(/"))
    apart = _titled(raw) and (not before or before[-1] in "\n|\t(/\"“'" or before[-2:] in ("  ", "| ", "* ", "_ "))
    if raw.isupper() and not announced:
        return
    alone = apart and words.gap(index)[:2] in ("", "  ", " (")
    if not (announced or (within and key not in ("x", "type")) or (apart and letter > "H") or alone):
        return
    end = index + 1
    while end < len(words) and words.gap(end - 1) == "-" and words.raw[end][0].isupper():
        end += 1
    if end < len(words) and words.lower[end] in NAMED_AFTER and words.gap(end - 1) == " ":
        return
    yield Finding(words.starts[at], words.ends[end - 1], Kind.NAME, "initial and surname")


def _end_of_surname(words: Words, index: int) -> int:
    """One past the last half of a surname with hyphens."""
    end = index + 1
    while end < len(words) and words.gap(end - 1) == "-" and words.raw[end][0].isupper():
        end += 1
    return end


_DOINGS = word_set(
    "our also medical notified informed called agrees agreed concurs concurred aware present staff chief "
    "pathologist attending resident md director surgery associate consultant professor chairman rn np pa has "
    "requested confirmed will who dictating stated states reviewed surgeon"
)
"""What follows a person's name."""


def _ends_range(words: Words, index: int) -> bool:
    """Whether a letter ends a range of parts: "A to C. ..."."""
    return (
        index > 1
        and words.lower[index - 1] in ("to", "and", "through")
        and (len(words.raw[index - 2]) == 1 and words.report[words.starts[index - 2] - 1].isspace())
    )


def _announced(words: Words, index: int) -> bool:
    """Whether the words before a word say that a person follows."""
    before = words.lower[index - 1]
    if before in _ANNOUNCING or before in _KEYS:
        return True
    return before in _LINKING and not _DEALINGS.isdisjoint(words.lower[max(0, index - 7) : index - 1])


def _with_surname(words: Words, index: int) -> Iterator[Finding]:
    """An unknown word, an initial if there is one, and a surname: "Ernestine N. Anagnostou"."""
    low, raw = words.lower[index], words.raw[index]
    known = is_given(low)
    after = index + 1
    if after < len(words) and words.gap(index) == "-" and words.lower[after] not in VOCABULARY:
        after += 1
    if after >= len(words) or words.gap(after - 1) not in (" ", "\n"):
        return
    middle = len(words.raw[after]) == 1 and words.raw[after].isupper() and words.gap(after) in (". ", ".", " ")
    after += middle
    while after + 1 < len(words) and words.lower[after] in PARTICLES and words.gap(after) in (" ", "-"):
        after += 1
    if after >= len(words):
        return
    surname = words.lower[after]
    if not words.raw[after][0].isupper() or len(surname) < 2 or surname in EPONYMS or _PRODUCT.match(words.raw[after]):
        return
    unknown = surname not in VOCABULARY and looks_like_name(surname) and not is_medical(surname)
    announced = index > 0 and _announced(words, index)
    if raw.isupper():
        told = announced and (words.lower[index - 1] not in _KEYS or ":" in words.gap(index - 1))
        shown = unknown and len(surname) > 2 and (known or (told and looks_like_name(low)))
    else:
        named = surname in NAME_WORDS or surname in EPONYM_SURNAMES or unknown
        shown = not words.raw[after].isupper() and (
            (known and named)
            or (unknown and looks_like_name(low) and low not in NAME_WORDS and (middle or len(low) > 3))
        )
    if not shown:
        return
    end = after + 1
    while end < len(words) and words.gap(end - 1) == "-" and words.raw[end][0].isupper():
        end += 1
    if known:
        end = max(end, name_forward(words, index, sure=True))
    yield Finding(words.starts[index], words.ends[end - 1], Kind.NAME, "unknown pair")


def _place(words: Words, index: int) -> Iterator[Finding]:
    """A town after "in" or "near", or between "the" and what stands in towns: "at the Kelmore clinic"."""
    low, raw = words.lower[index], words.raw[index]
    if len(low) > 4 and looks_like_name(low) and (match := _ZIP_AFTER.match(words.report, words.ends[index])):
        yield Finding(words.starts[index], match.end(), Kind.PLACE, "town and zip")
        return
    if not index or len(low) < 4 or words.gap(index - 1).strip(" \t") not in ("", ":"):
        return
    if ":" in words.gap(index - 1):
        after = words.lower[index + 1] if words.gap(index) == " " else ""
        placed = words.lower[index - 1] in _PLACE_KEYS and (_titled(raw) or len(words.gap(index)) > 1)
        if looks_like_name(low) and (placed or after in ("campus", "branch", "satellite")):
            yield Finding(words.starts[index], words.ends[index], Kind.PLACE, "place field")
        return
    if len(low) < 5 or not looks_like_name(low) or words.gap(index - 1) != " ":
        return
    before, after = words.lower[index - 1], words.lower[index + 1] if index + 1 < len(words) else ""
    gap = words.gap(index)
    if after in NAMED_AFTER and gap == " ":
        return
    served = after in _SERVING and gap == " "
    ends = not gap or gap[0] in ",.;:)\n" or gap[:2] == "  " or gap[:2] in (" (", " -")
    if before in ("in", "near", "outside"):
        shown = served or (
            (ends or after in _GOING_ON or _titled(raw))
            and (_titled(raw) or before == "near" or not _CARE.isdisjoint(words.lower[max(0, index - 6) : index - 1]))
        )
    else:
        shown = served and before in ("the", "at", "from", "of", "our", "to")
        if before in ("from", "of", "to", "at") and (ends or after in _GOING_ON or after == "to"):
            context = _SOMEBODY if before == "of" else _COMING
            shown = shown or not context.isdisjoint(words.lower[max(0, index - 6) : index - 1])
    if shown:
        yield Finding(words.starts[index], words.ends[index], Kind.PLACE, "town")


_ZIP_AFTER = re.compile(r" {1,2}\d{5}(?:-\d{4})?(?![\w-]|[.,]\d)")
_SOMEBODY = word_set(
    "originally native widow widower resident citizen farmer rancher teacher retired veteran man woman lady gentleman "
    "o old yo hails miner nurse clergyman minister mayor refugee pt patient visitor"
)
"""Before "of" and "from": somebody of a town."""
_COMING = _SOMEBODY | word_set(
    "flown moved transferred airlifted transported relocated immigrated emigrated visiting travelled traveled "
    "travelling traveling travels returned went goes drove flew came comes vacationing vacation holiday wintering "
    "slides blocks material report received bx biopsy surgery seen done treated incarcerated admitted hospitalized "
    "operated performed signed sent mailed drew"
)
"""Before "from", "to" and "at": somebody or something comes or goes."""
_PLACE_KEYS = word_set(
    "city town village township municipality community parish county route stop location residence birthplace "
    "hometown suburb borough campus branch district region address"
)
_GOING_ON = word_set(
    "since until for who by on with and where when after before last this during as to was is has "
    "had have will which that said are were each every w she he they we it showed shows sent noted "
    "drew reported confirmed called"
)
_SERVING = word_set(
    "clinic office site health community practice area region county city campus branch cancer outreach emergency "
    "urgent tumor tumour hospital police sheriff coroner paper newspaper airport highway bridge "
    "river school high elementary fire department division lab laboratory group satellite"
)
_KEYS = word_set(
    "staff anesth anesthesia anesthesiologist coordinator counselor counsellor manager abstractor presenter holder "
    "kin decedent deceased donor participant investigator contact witness surgeon pathologist resident attending "
    "fellow prosector director physician clinician provider nurse assistant technologist micro gross grossing "
    "final caregiver original rn policyholder photographer phys copies identification scrub "
    "circulator onc distribution twin path name surg out cosigned cosign email re poa mgr mgmt "
    "worker dict cytotech histotech dir trans sw guardian coroner referring notified thanks "
    "reviewed consulted component attested screened verified signed approved copy cc xc"
)
"""Before a colon, or a name without one."""
