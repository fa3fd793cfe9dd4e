"""Hospitals, laboratories, universities and clinics by the words that name their kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import (
    EPONYMS,
    GIVEN_NAMES,
    NAME_WORDS,
    VOCABULARY,
    folded,
    is_medical,
    read_through,
    word_set,
)
from pathalign.text.deidentification.words import Words

_HEADS = word_set(
    "hospital hospitals clinic clinics center centre laboratory laboratories labs university institute infirmary "
    "college hospice foundation healthcare medicine associates sanatorium dispensary krankenhaus klinik klinikum "
    "universitätsklinikum universitatsklinikum hôpital hopital ospedale policlinico clinique clinica clínica "
    "universidad université universität universitat università universita ziekenhuis sjukhus sykehus szpital nhs "
    "trust diagnostics pathologists services health group partners campus pavilion hosp univ infirmary "
    "polyclinic academy ctr vamc biobank biorepository surgicenter sanitarium agency repository network consultants "
    "office program programme station suite service registry unit home practice bank bureau authority specialists "
    "department inc llc ltd pllc llp school system facility imaging pathlabs care"
)
_PLAIN = word_set(
    "office program programme station suite service registry unit home practice bank bureau authority department "
    "school inc llc ltd pllc llp facility imaging care specialists agency repository network consultants"
)
"""Kinds that are everyday words: a name must begin their run of words in capitals."""
_OF_A_KIND = word_set(
    "group partners associates foundation trust campus pavilion academy pathologists medicine diagnostics services"
)
_KINDS = word_set(
    "medical pathology physicians health clinical nhs care hospital university cancer diagnostic laboratory "
    "urology dermatology surgical gyn obgyn ob women's pediatric pediatrics physician surgeons specialty second "
    "reference molecular consulting forensic research blood proton"
)
_WEAK = word_set(
    "center centre medicine associates foundation group partners trust college diagnostics pathologists "
    "laboratory laboratories labs institute campus pavilion academy nhs services health"
)  # fmt: skip
"""Kinds that are ordinary words as well: a proper word must stand directly beside."""
_QUALIFIERS = word_set(
    "medical regional general community memorial children's childrens children women's womens cancer health "
    "teaching university hospital clinical care pathology county city state national central northern southern "
    "eastern western north south east west district veterans affairs va military army naval royal federal "
    "district saint st mount mt holy sacred good our lady mercy baptist methodist presbyterian lutheran adventist "
    "jewish catholic christian heart of the and for de la del di san santa los las big grand great new upper "
    "lower valley river lake bay hills park island surgery surgical specialty oncology eye tumor research and & "
    "reference diagnostic imaging anatomic histology molecular school technology science sciences comprehensive "
    "outpatient ambulatory system family primary brain breast mobile screening program nursing home outreach "
    "satellite slide review second opinion consultants endoscopy suite digestive gastrointestinal tumour tissue "
    "bank repository indian service services network agency group practice office pediatric pediatrics internal "
    "occupational physicians surgeons specialists forensic examiner examiner's examiners coroner coroner's sheriff's "
    "public department quality molecular genetics genomics genomic diagnostics cytology digital human cooperative "
    "international world center centre campus provincial territorial metropolitan urgent emergency rehabilitation "
    "vascular cardiac orthopedic orthopaedic skin eye ear women men's student student's womens "
    "urgent nose throat long term correctional palliative extended assisted living dialysis gyn ob "
    "an der inc"
)
_PROPER = word_set(
    "memorial mercy baptist methodist presbyterian lutheran adventist veterans sacred providence trinity "
    "providence regional mount saint st holy royal county lady samaritan hope unity charity emory duke stanford "
    "yale harvard princeton mayo northwestern southwestern northwest southwest midwest northeast southeast "
    "northern southern eastern western"
)
_DESCRIBING = _QUALIFIERS | _HEADS
_FIXED = re.compile(
    r"(?:mayo clinic|(?:u\.?t\.? )?m\.?\s?d\.? anderson(?: cancer cent(?:er|re))?|(?:memorial )?sloan[- ]kettering|"
    r"mskcc|johns hopkins|"
    r"mass(?:achusetts)? general|dana[- ]farber|brigham (?:and|&) women'?s|cedars[- ]sinai|kaiser permanente|"
    r"quest diagnostics|lab\s?corp|"
    r"cleveland clinic|mount sinai|mt\.? sinai|beth israel|fox chase|city of hope|moffitt|roswell park|"
    r"fred hutch(?:inson)?|ucla|ucsf|nyu|upmc|"
    r"armed forces institute of pathology|afip|walter reed|neogenomics|genoptix|myriad genetics|"
    r"foundation medicine|charit[ée]|karolinska|"
    r"h[ôo]tel[- ]dieu(?: de (?:la )?\w{3,24})?|gustave roussy|royal marsden|great ormond street|addenbrooke'?s)\b",
    re.IGNORECASE,
)  # fmt: skip
_FIXED_FIRST = word_set(
    "mayo u ut m md memorial sloan mskcc johns mass massachusetts dana brigham cedars kaiser quest lab labcorp "
    "cleveland mount mt beth fox city moffitt roswell fred ucla ucsf nyu upmc armed afip walter neogenomics "
    "genoptix myriad foundation charité charite karolinska gustave royal great addenbrooke addenbrookes hôtel hotel"
)
_SHORT = word_set("st mt univ hosp ctr gen mem med reg comm dept co drs")
"""Words after which a full stop ends nothing."""
_PUBLIC = re.compile(
    r"college of american pathologists|world health organi[sz]ation|food and drug|joint commi\w+|"
    r"clinical laboratory improvement|american (?:joint|society|college)|society of clinical|of american path",
    re.IGNORECASE,
)
_JOINT = re.compile(r"[ \t]{0,3}[-&'’/,.]?[ \t]{1,3}|[ \t]{0,2}\n[ \t]{0,2}|[-/]|\.\s|\.? ?[&-] ")
_LEGAL = re.compile(
    r"(?:,|\.)? ?\b(?:Inc|INC|LLC|L\.L\.C|PLLC|P\.?L\.?L\.?C|LLP|Ltd|LTD|P\.? ?A|P\.? ?C|S\.C|Corp|"
    r"CORP|Co|GmbH|AG|plc)\b\.?"
)
"""The form of a firm behind its name."""
_TOWN_JOINT = re.compile(r",? {1,2}| [-–] |,? (?:at|in|of) (?:the )?| ?\(")
_FIELDS = word_set(
    "oncology pathology medicine surgery technology science sciences health research urology radiology hematology"
)
_OF = word_set("of de für for at der di des")
LONGEST = 8


_MISREAD = {folded(word): word for word in _DESCRIBING | _PROPER | _FIXED_FIRST if len(word) > 4}


_BEGINNINGS = _HEADS | _FIXED_FIRST


def find_institutions(words: Words) -> Iterator[Finding]:
    """Institutions with a name of their own; "the hospital" and "outside laboratory" stay."""
    misread = {low: read for low in words.unknown - _HEADS if (read := _MISREAD.get(folded(low))) in _BEGINNINGS}
    for index in words.where(_BEGINNINGS.union(misread)):
        low = words.lower[index]
        if low in misread and words.raw[index][0].isupper():
            low = misread[low]
        if low in _FIXED_FIRST:
            match = _FIXED.match(words.report, words.starts[index])
            if match:
                yield Finding(match.start(), match.end(), Kind.INSTITUTION, "known institution")
        if low in _HEADS and words.raw[index][0].isupper() and _is_head(words, index):
            first, end = _before(words, index), _after(words, index)
            text = words.report[words.starts[first] : words.ends[end - 1]]
            town = _town(words, end)
            named = _named(words, first, end, index)
            if not named and town > end and low not in _PLAIN and low not in _WEAK:
                named = first < index or words.gap(end - 1).strip() in ("", "-")
            elif (
                not named
                and town > end
                and first < index
                and low not in _PLAIN
                and words.gap(end - 1).strip() in (",", "-")
            ):
                named = _capital(words, first)
            if named and not _PUBLIC.search(text):
                stop = words.ends[end - 1]
                legal = _LEGAL.match(words.report, stop)
                stop = legal.end() if legal else stop
                yield Finding(words.starts[first], stop, Kind.INSTITUTION, "institution")
                if not legal and town > end:
                    yield Finding(words.starts[end], words.ends[town - 1], Kind.INSTITUTION, "institution's town")


def _town(words: Words, end: int) -> int:
    """One past the words of a town behind an institution: "VA Medical Center, Kelmore"; `end` when there is none."""
    at = end
    if at < len(words) and words.lower[at] in ("at", "in", "of", "the", "de"):
        at += 1
    joint = words.report[words.ends[end - 1] : words.starts[at]] if at < len(words) else ""
    if at >= len(words) or not (_TOWN_JOINT.fullmatch(joint) and (joint.strip() or at > end)):
        return end
    start = at
    while at < min(start + 3, len(words)) and (at == start or words.gap(at - 1) in (" ", "-")) and _proper(words, at):
        at += 1
    return at if at > start and any(len(words.raw[i]) > 3 for i in range(start, at)) else end


def _capital(words: Words, index: int) -> bool:
    return words.raw[index][0].isupper()


def _firm(words: Words, index: int) -> bool:
    return words.lower[index] in ("inc", "llc", "ltd", "pllc", "llp")


def _specialty(low: str) -> bool:
    """Whether a word is a branch of medicine: "Hematology-Oncology Group"."""
    return low.endswith(("ology", "iatry", "iatrics", "ologic", "ological", "surgery", "therapy", "graphy"))


def _low(words: Words, index: int) -> str:
    """A word in lower case, read through what OCR made of it: "h0spital" is a hospital, "ell5worth" a name."""
    low = words.lower[index]
    if low in VOCABULARY or low in _DESCRIBING:
        return low
    return _MISREAD.get(folded(low)) or read_through(low) or low


def _is_head(words: Words, index: int) -> bool:
    """Whether a word is a kind of institution; "group" and the like only after what makes them one."""
    low, before = _low(words, index), _low(words, index - 1) if index else ""
    if low == "health":
        return index + 1 == len(words) or words.gap(index)[:1] != " " or words.gap(index)[:2] == "  "
    if low in ("medicine", "college", "school"):
        after = _low(words, index + 1) if index + 1 < len(words) else ""
        return before in ("of", "medical") or (low == "college" and after == "of")
    if low == "system":
        return before in ("health", "hospital", "care", "healthcare", "medical", "university", "clinic")
    if low == "campus" and before in _QUALIFIERS:
        return True
    if low in _PLAIN:
        run = before in _DESCRIBING or _specialty(before) or (len(before) > 2 and words.raw[index - 1].istitle())
        return index > 0 and run and words.gap(index - 1) in (" ", ", ", "-", "  ")
    return low not in _OF_A_KIND or before in _KINDS or before.endswith(("ology", "oiogy"))


def _proper(words: Words, index: int) -> bool:
    """Whether a word names rather than describes."""
    low, raw = _low(words, index), words.raw[index]
    if not raw[0].isupper() or len(raw) < 2 or low in EPONYMS:
        return False
    return (
        low in _PROPER
        or low in GIVEN_NAMES
        or low in NAME_WORDS
        or (low.isalpha() and low not in VOCABULARY and low not in _DESCRIBING)
    )


def _before(words: Words, head: int) -> int:
    """The first word of the institution whose kind is word `head`."""
    first = index = head
    while index > 0 and head - index < LONGEST and _JOINT.fullmatch(words.gap(index - 1)):
        gap, low = words.gap(index - 1), _low(words, index - 1)
        if (
            ("." in gap and low not in _SHORT and not _split_off(words, index - 1))
            or (
                "," in gap
                and not (
                    low in _PROPER or _proper(words, index - 1) or _firm(words, index) or low in ("ear", "nose", "eye")
                )
            )
            or (gap == "/" and not _proper(words, index - 1))
        ):
            break
        if _proper(words, index - 1):
            first = index - 1
        elif not (low in _QUALIFIERS or low in _HEADS or _specialty(low) or _in_title(words, index - 1)) or (
            words.raw[index - 1].islower() and low not in ("of", "and", "the", "for", "de", "la", "del", "di")
        ):
            break
        elif low not in ("of", "and", "the", "for") and (low in _DESCRIBING or _specialty(low)):
            first = index - 1
        index -= 1
    while first < head and _low(words, first) in ("of", "and", "the", "for", "our"):
        if _low(words, first) == "our" and _low(words, first + 1) == "lady":
            break
        first += 1
    return first


def _in_title(words: Words, index: int) -> bool:
    """Whether a word is written as in a title, one capital and small letters, and no sentence begins with it."""
    raw = words.raw[index]
    return len(raw) > 2 and raw.istitle() and words.gap(index) in (" ", "-", " & ", "/") and index > 0


def _split_off(words: Words, index: int) -> bool:
    """Whether a word that OCR parted from its institution by a full stop begins it: "the. Lindmark. Tumor Center"."""
    return (
        index > 0
        and words.lower[index - 1] in ("the", "at", "from", "by")
        and _proper(words, index)
        and words.lower[index] not in NAME_WORDS
        and len(words.raw[index]) > 3
    )


def _after(words: Words, head: int) -> int:
    """One past the last word: "Hospital of Saint Raphael", "University of Ostrava Hospital"."""
    end, index = head + 1, head + 1
    while index < len(words) and index - head < LONGEST:
        gap, low = words.gap(index - 1), _low(words, index)
        if not (gap.strip() in ("", "-", "&") and len(gap) < 4) and not (
            gap == ", " and low in _HEADS and low not in _WEAK
        ):
            break
        if low in _HEADS or _proper(words, index) or (low in _FIELDS and words.raw[index][0].isupper()):
            end = index + 1
        elif low not in _OF and not (low in _QUALIFIERS and words.raw[index][0].isupper()):
            break
        index += 1
    return end


def _named(words: Words, first: int, end: int, head: int) -> bool:
    """Whether a proper word is among them; for an ordinary kind ("Center") not far away."""
    proper = [i for i in range(first, end) if i != head and _proper(words, i)]
    if not proper:
        return False
    if _low(words, head) in _PLAIN:
        return any(
            len(low) > 3 and not is_medical(low) and low not in NAME_WORDS for low in (_low(words, i) for i in proper)
        )
    if _low(words, head) not in _WEAK:
        return True
    return any(not _weakly(_low(words, i)) for i in proper)


def _weakly(low: str) -> bool:
    """Words that make a name of a hospital and not of a centre ("Regional Center")."""
    return low in ("regional", "county", "northern", "southern", "eastern", "western") or low in VOCABULARY
