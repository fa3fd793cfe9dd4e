"""What is taken because nothing says that it is medical: capitalised words that no list knows, and what is beside.

Other rules take what something announces. Here an unknown word is a name, a town or part of an institution unless its
letters, its spelling or its surroundings say otherwise; words of institutions and streets beside it go with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import (
    EPONYM_SURNAMES,
    EPONYMS,
    GIVEN_NAMES,
    MEDICINE,
    NAME_WORDS,
    NAMED_AFTER,
    PARTICLES,
    VOCABULARY,
    folded,
    read_as_name,
    word_set,
)
from pathalign.text.deidentification.name_shapes import CREDENTIALS, SUFFIXES
from pathalign.text.deidentification.spelling import ends_as_technical, is_a_letter_away, is_like_a_known_word
from pathalign.text.deidentification.words import Words, written_small

SHORTEST, SHORTEST_CAPITALS, LONGEST = 4, 5, 24
"""Letters of a suspicious word: after one in small letters, elsewhere, at most."""
LONGEST_RUN = 8
"""Words that go with a suspicious one, on either side."""
_OF_INSTITUTIONS = word_set(
    "hospital hospitals clinic clinics center centre medical county district health healthcare system systems "
    "regional memorial general baptist lutheran methodist presbyterian catholic adventist jewish community "
    "university college school institute foundation army air force base naval navy veterans affairs va vamc women "
    "women's womens men's infants children's childrens children pavilion campus hospice house home rehabilitation "
    "nursing care correctional infirmary state public office examiner examiners coroner dermatopathology "
    "pathology laboratory laboratories labs lab associates group partners consultants services service physicians "
    "specialists surgery surgicenter endoscopy suite ambulatory outpatient urgent family practice eye cancer "
    "oncology heart orthopedic orthopaedic mercy saint st holy sacred trinity providence deaconess osteopathic "
    "acute critical access trust nhs sanatorium polyclinic tower wing building plaza professional park valley "
    "river lake hill hills mount mt bay island north south east west northern southern eastern western central "
    "old new port fort point our lady good samaritan department dept division authority agency registry bank "
    "network cooperative alliance union llc inc ltd pllc pc dental veterinary township city town village "
    "reservation tribal nation teaching academic diagnostics diagnostic imaging reference molecular genomics "
    "genetics research science sciences technology medicine facility unit station institution prison jail "
    "penitentiary penal student senior seniors retirement assisted living manor lodge villa hosp univ med ctr mem "
    "reg convent abbey parish church chapel seminary cathedral shrine temple order sisters brothers royal queen "
    "king queen's king's prince princess victoria elizabeth joseph mary john luke luke's mark's james vincent "
    "vincent's anthony anthony's francis michael's peter's paul's thomas elizabeth's joseph's mary's jude jude's "
    "anne anne's grace hope faith charity"
)
"""Words that stand beside the own name of an institution."""
_OF_STREETS = word_set(
    "street avenue road drive lane court place boulevard parkway highway way terrace ter trace circle trail "
    "square broadway route rural calle camino via paseo alley crescent turnpike pike loop landing ferry bridge "
    "mill creek ridge row run walk lot suite apt apartment unit floor bldg building room rd st ave ln blvd dr ct "
    "pl pkwy hwy cir sq old upper lower ne nw se sw n s e w state county p o box po cove bend heights gardens "
    "mews quay wharf green grove hollow glen"
)
"""Words that stand beside the own name of a street."""
_ROADS = word_set(
    "street avenue road drive lane court place boulevard parkway highway way terrace ter trace circle trail "
    "square route rural calle camino paseo alley crescent turnpike pike loop landing rd st ave ln blvd dr ct pl "
    "pkwy hwy cir sq row box"
)
_HEADS = word_set(
    "hospital center centre clinic office examiner coroner laboratory university college institute department system"
)
_OF_PERSONS = word_set(
    "nurse radiology oncology urology gynecology neurology cardiology hematology dermatology neurosurgery "
    "surgical clinical cytology histology microbiology psychiatry pediatrics obstetrics emergency biopsy biopsies "
    "excision resection specimen specimens slides referral recipient donor mother infant autopsy surgeon hospice "
    "therapy radiotherapy chemotherapy transplant transplantation mastectomy colectomy cystectomy hysterectomy "
    "colonoscopy mammogram trauma surgeries rehabilitation fever pain"
)
"""Words of medicine beside which persons and towns stand too."""
_LETTERED = word_set(
    "part parts specimen specimens block blocks slide slides cassette cassettes type group grade level stage site "
    "hepatitis and category class designated labeled labelled marked lettered vitamin protein antigen sex gender "
    "region zone jar container"
)
"""Before a letter that is no initial."""
_SPECIALTIES = word_set(
    "bone joint skin digestive kidney breast laser vision pain sleep wellness dialysis blood tissue spine hand "
    "foot ear nose throat brain liver lung chest diabetes allergy asthma pulmonary cardiac vascular plastic "
    "urologic urology dermatology gynecology internal gastroenterology endocrine neurology pediatrics pediatric "
    "birth fertility transplant trauma burn stroke wound behavioral mental psychiatric cytology histology "
    "clinical specialty special comprehensive advanced integrated united first premier mobile mission disease "
    "diseases specialized primary prostate thoracic gastrointestinal head neck hematology tumor radiation "
    "outreach early detection screening prevention perinatal maternity geriatric palliative infusion vein hearing"
)
"""Words that say what an institution is for."""
_PLAINLY = word_set(
    "county hospital regional community memorial university district township baptist methodist lutheran general va"
)
_FOLDED = frozenset(map(folded, _OF_INSTITUTIONS))
_LINKS = word_set("of and the for de la del di du des at")
_PLACED = word_set("in at from near of to the outside around via toward towards through")
_NEVER_FIRST = word_set("dr ct pl rd ave ln blvd pkwy hwy cir sq s p o inc llc ltd pc")
_NO_NEIGHBOUR = word_set("hosp univ med ctr mem reg mt ft st dr n s e w p o")
_JOINT = re.compile(r"[ \t]{1,2}|-| ?[&/] ?|\. ")
_CODE_BESIDE = re.compile(r"[-/]\d|\d")
_PRODUCT = re.compile(r"[A-Z][a-z]{1,8}[A-Z][a-z]")
_PARTICLE = re.compile(r"(?:Ma?c|De|D[ei]l?|La|Le|Va[nr]|Von|Di|Du|San|St|Fitz|El|Al|Ben|Ten|O|D)(?=[A-Z'’])")
_HOUSE = re.compile(r"(?<![\w.,/-])(?P<house>\d[\dOolIS]{0,5}[A-Z]?(?:-\d{1,4})?,? {1,2})$")
_ADDRESS_END = re.compile(
    r"(?:,? {1,2}(?:suite|ste|apt|unit|lot|bldg|building|floor|room|rm|box|no|#)\.? ?#?\w{1,5}\b|"
    r",? {1,2}\d(?:st|nd|rd|th) (?:floor|fl)\b|(?<=[a-zA-Z]) \d{1,4}\b(?!\s?(?:cm|mm|[.,/x]\d)))",
    re.IGNORECASE,
)
_ZIP = re.compile(r"(?:,? {1,3}[A-Z]{2})?,? {1,3}\d[\dOolIS]{4}(?:-[\dOolIS]{4})?(?![\w-]|[.,]\d|\s?(?:cm|mm)\b)")


def find_suspicious(words: Words) -> Iterator[Finding]:
    """Capitalised words that nothing says to be medical, with what belongs to them."""
    suspects = _suspects(words)
    if not suspects:
        return
    taken = -1
    for index in suspects:
        if index < taken:
            continue
        first, end = _run(words, index, suspects)
        taken = end
        yield from _findings(words, first, end)


def _suspects(words: Words) -> dict[int, None]:
    """The suspicious words, in order."""
    odd = [low for low in words.unknown if _is_odd(low)]
    if not odd:
        return {}
    small = written_small(words)
    found = list[int]()
    for low in odd:
        if low in small:
            continue  # no name is written in small letters too
        technical = low not in GIVEN_NAMES and ends_as_technical(low.replace("'", ""))
        index = words.last[low]
        while index >= 0:
            if _written_as_name(words, index) and (
                not technical or _within_sentence(words, index) or _of_institution(words, index)
            ):
                found.append(index)
            index = words.same[index]
    return dict.fromkeys(sorted(found))


def _is_odd(low: str) -> bool:
    """Whether a word in lower case is neither a word nor an eponym, nor like one."""
    if not SHORTEST <= len(low) <= LONGEST or low in EPONYMS or low in EPONYM_SURNAMES or low in NAME_WORDS:
        return False
    plain = low if low.isalpha() else _read(low)
    if not plain or plain in VOCABULARY or plain in CREDENTIALS or plain in SUFFIXES or plain in EPONYMS:
        return False
    return low in GIVEN_NAMES or not is_like_a_known_word(plain)


def _read(low: str) -> str:
    """A word with an apostrophe or a misread letter as it was meant; "" for a code."""
    plain = low.replace("'", "")
    if plain.isalpha() or len(plain) < SHORTEST_CAPITALS or sum(map(str.isdigit, plain)) > 1 or plain[-1].isdigit():
        return plain if plain.isalpha() else ""
    read = read_as_name(plain, titled=True)
    return read if read.isalpha() else ""


def _written_as_name(words: Words, index: int) -> bool:
    """Whether a word has the capitals of a name, and no number or code is joined to it."""
    raw = words.raw[index]
    if not raw[0].isupper():
        return False
    capitals = raw.isupper()
    given = words.lower[index] in GIVEN_NAMES
    if not given and len(raw) < (SHORTEST_CAPITALS if capitals or not _within_sentence(words, index) else SHORTEST):
        return False
    if not given and _among_medicine(words, index):
        return False
    if not capitals and raw[1:] != raw[1:].lower() and (_PRODUCT.match(raw) and not _PARTICLE.match(raw)):
        return False
    if _CODE_BESIDE.match(words.gap(index)) or (index and words.gap(index - 1)[-1:].isdigit()):
        return False
    if index and words.gap(index - 1) == "-" and words.lower[index - 1] in EPONYMS:
        return False  # "Warthin-Starry"
    after = words.lower[index + 1] if index + 1 < len(words) and words.gap(index) in (" ", "-") else ""
    return after not in EPONYMS and (after not in NAMED_AFTER or after in ("x", "a", "b", "y"))


def _of_institution(words: Words, index: int) -> bool:
    """Whether a word that ends as terms do stands before what only places stand before: "TACOMA COUNTY"."""
    return index + 1 < len(words) and words.gap(index) == " " and words.lower[index + 1] in _PLAINLY


def _among_medicine(words: Words, index: int) -> bool:
    """Whether a word of medicine stands beside, so that the word may be one misread, or joined to it as its half."""
    low = words.lower[index]
    for beside, gap in ((index - 1, words.gap(index - 1) if index else "."), (index + 1, words.gap(index))):
        if not 0 <= beside < len(words):
            continue
        other = words.lower[beside]
        if gap in ("-", "/") and other in VOCABULARY and other not in NAME_WORDS and other not in _OF_INSTITUTIONS:
            return True
        if beside > index and other in _SPECIALTIES and not _HEADS.isdisjoint(words.lower[beside : beside + 4]):
            continue  # "KELMORE BONE AND JOINT CLINIC"
        if gap == " " and other in MEDICINE and other not in _OF_INSTITUTIONS and other not in _OF_PERSONS:
            return beside < index or words.raw[index].isupper() == words.raw[beside].isupper() or is_a_letter_away(low)
    return False


def _within_sentence(words: Words, index: int) -> bool:
    """Whether a word with one capital follows one in small letters, as only names do."""
    raw, before = words.raw[index], words.raw[index - 1] if index else ""
    return not raw.isupper() and before.islower() and words.gap(index - 1) == " "


def _run(words: Words, index: int, suspects: dict[int, None]) -> tuple[int, int]:
    """[first, end) of the words that belong to a suspicious one.

    Ordinary words between ("Kelmore Bone & Joint Clinic") go with it where one that belongs to it follows.
    """
    capitals = words.raw[index].isupper()
    first, at = index, index - 1
    while at >= 0 and index - at <= LONGEST_RUN and _joined(words, at):
        if (words.lower[at] not in _NEVER_FIRST and _belongs(words, at, suspects, capitals=capitals)) or (
            first < index
            and at == first - 1
            and words.lower[first] in _HEADS
            and _describes(words, at, capitals=capitals)
        ):
            first = at
        elif words.lower[at] not in _LINKS and words.lower[at] not in PARTICLES:
            break
        at -= 1
    end, at = index + 1, index + 1
    while at < len(words) and at - index <= LONGEST_RUN and _joined(words, at - 1):
        if _belongs(words, at, suspects, capitals=capitals):
            end = at + 1
        elif words.lower[at] not in _LINKS and not (at - end < 3 and _describes(words, at, capitals=capitals)):
            break
        at += 1
    return first, end


def _describes(words: Words, index: int, *, capitals: bool) -> bool:
    """Whether a word may say what an institution is for: any with a capital, some all in capitals."""
    raw, low = words.raw[index], words.lower[index]
    return low in _SPECIALTIES if capitals else raw[0].isupper() and raw[1:] == raw[1:].lower() and len(raw) > 2


def _joined(words: Words, index: int) -> bool:
    """Whether a word and the next are of one name: a space or a hyphen, a full stop after "St" and initials."""
    gap, low = words.gap(index), words.lower[index]
    if gap == ", ":
        return low in _HEADS and words.raw[index][0].isupper()  # "Office of the Medical Examiner, Kelmore County"
    return _JOINT.fullmatch(gap) is not None and ("." not in gap or low in _NO_NEIGHBOUR or len(low) == 1)


def _belongs(words: Words, index: int, suspects: dict[int, None], *, capitals: bool) -> bool:
    low, raw = words.lower[index], words.raw[index]
    if index in suspects:
        return True
    if not raw[0].isupper():
        return False
    if len(raw) == 1:
        return _is_initial(words, index)
    if raw.isupper() != capitals and len(raw) > 2:
        return False
    if low in _OF_INSTITUTIONS or low in _OF_STREETS or low in GIVEN_NAMES:
        return True
    if not low.isalpha():
        return folded(low) in _FOLDED
    if low in NAME_WORDS:
        return not capitals
    if low in EPONYMS or low in EPONYM_SURNAMES:
        return _after_given(words, index) or (index - 1 in suspects and _names_nothing(words, index))
    return (
        low in words.unknown
        and low not in CREDENTIALS
        and (len(low) > 2 or _after_given(words, index))
        and (not is_like_a_known_word(low) and not (capitals and ends_as_technical(low)))
    )


def _after_given(words: Words, index: int) -> bool:
    """Whether a given name, or an initial, comes before a word that names no thing."""
    before = words.lower[index - 1] if index else ""
    return _names_nothing(words, index) and (before in GIVEN_NAMES or len(before) == 1)


def _names_nothing(words: Words, index: int) -> bool:
    return not (index + 1 < len(words) and words.gap(index) in (" ", "-") and words.lower[index + 1] in NAMED_AFTER)


def _is_initial(words: Words, index: int) -> bool:
    """Whether a capital letter is an initial and no letter of a part.

    A word stands before it in its sentence, or it is late in the alphabet.
    """
    if not index or words.gap(index)[:1] not in (".", " "):
        return False
    gap, before, letter = words.gap(index - 1), words.lower[index - 1], words.raw[index]
    if gap in (" ", ", ") or (gap in (".", ". ") and len(before) == 1):
        return before not in _LETTERED or (letter > "H" and letter not in "IVX" and words.gap(index)[:1] == ".")
    return letter > "H" and letter not in "IVX" and gap.strip(" ") in (":", ".", "") and words.gap(index) == ". "


def _findings(words: Words, first: int, end: int) -> Iterator[Finding]:
    """The run as what it looks like: a street with its number, an institution, a town, a name."""
    report, start, stop = words.report, words.starts[first], words.ends[end - 1]
    inside = words.lower[first:end]
    before = words.lower[first - 1] if first and words.gap(first - 1) == " " else ""
    house = _HOUSE.search(report, max(0, start - 14), start)
    road = not _ROADS.isdisjoint(inside)
    if house and (road or end - first > 1 or len(house["house"].strip()) > 2):
        start = house.start("house")
        road = True
    while road and (tail := _ADDRESS_END.match(report, stop)):
        stop = tail.end()
    if road and house:
        yield Finding(start, stop, Kind.PLACE, "street")
    elif not _OF_INSTITUTIONS.isdisjoint(inside) and end - first > 1:
        yield Finding(start, stop, Kind.INSTITUTION, "suspicious institution")
    elif before in _PLACED:
        yield Finding(start, stop, Kind.PLACE, "suspicious place")
    else:
        last = words.raw[end - 1]
        yield Finding(start, stop - 2 * (last[-2:].lower() in ("'s", "’s")), Kind.NAME, "suspicious name")
    if match := _ZIP.match(report, stop):
        yield Finding(stop, match.end(), Kind.PLACE, "zip")
