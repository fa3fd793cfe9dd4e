"""Words of what a slide does not show by itself: stains, molecular tests, the clinic, advice, the report itself."""

from __future__ import annotations

import re

# All patterns are for text in small letters.
_UNASSESSED = re.compile(
    r"\bnot (?:specified|applicable|assess\w*|reported|recorded|provided|stated|examined|known|available|indicated|"
    r"determined|evaluated|performed)\b|\bcannot be (?:assessed|determined|evaluated)\b|\bn/?a\b|\bpending\b"
)
_UNKNOWN = re.compile(r"(?:^|[:=])\W*unknown\b")
_OPENS_UNASSESSED = re.compile(r"\W*(?:(?:additional )?(?:comments?|notes?)\W+none\b|(?:to follow|deferred)\b)")
_UNASSESSED_HINTS = ("not ", "cannot", "n/a", "na", "unknown", "pending", "none", "to follow", "deferred")
_CODE = re.compile(r"\W*[cmtp][ -]?\d")
_REPORT_HINTS = (
    "see", "refer", "addend", "review", "consensus", "frozen section", "case ", "intradepart", "consult",
    "performed", "dictated", "sign", "fda", "clia", "research", "investigational", "clinical purposes", "pathologist",
    "staging manual", "amended", "snomed", "icd", "notified", "copy to", "dr", "be reported", "accession", "slide",
    "fax", "teaching", "attest", "rendered", "report", "signatory", "inquiry", "admit", "obtained", "digital",
    "accredited", "certified", "diagnosed by",
)  # fmt: skip
"""Without one of these only codes are about the report; a cheap test, since most sentences have none."""
_ABOUT_REPORT = re.compile(
    r"\b(?:see|refer to)\b(?=\W*(?:\w+\W+){0,3}(?:comments?|notes?|below|above|synop\w*|micro\w*|description|"
    r"template|parts?|reports?|"
    r"addend\w*|diagnos\w*|$))|\baddend(?:um|a)\b|\breviewed\b|\bconsensus\b|"
    r"\bfrozen section diagnos\w+\b[^.]*\bconfirm"
    r"|\bcase (?:was|is|has been) (?:discussed|shown|sent|seen)|\bintradepartment\w+|\bconsult(?:ed|ation|ant)\b|"
    r"\bperformed by\b"
    r"|\bdictated\b|\bsigned\b|\bsignature\b|\b(?:fda|clia)\b|\bresearch\b|\binvestigational\b|\bclinical purposes\b|"
    r"\bpathologists?\b"
    r"|\bstaging manual\b|\bamended\b|\bsnomed\b|\bicd\b|"
    r"\bnotified\b|\bcopy to\b|\bdr\b"
    r"|\bbe reported\b|\baccession\b|\bslides? (?:are|is|were) (?:sent|submitted)|\bfax\b|"
    r"\battest\b|\brendered\b|\bthis (?:\w+ ){0,2}report\b|\breport (?:name|date|status|released)\b|\bsignatory\b|"
    r"\bdiagnosis inquiry\b|\badmit date\b|\bdigital imag\w+|\baccredited\b|\bis certified under\b|\bdiagnosed by\b|"
    r"\b(?:microscopy|examination|frozen section|touch prep\w*|studies) (?:(?:was|is|are|were|has been) )?(?:performed|"
    r"obtained)\b|\bteaching physician\b"
)
_OPENS_ABOUT_REPORT = re.compile(r"\W*(?:(?:please )?(?:see|refer)\b|[cm] ?\d{2}[,.]?\d?\W*$|[mtp]-?\d{4,5}\b)")
_RECOMMENDED = re.compile(
    r"\brecommend\w*|\b(?:is|are) (?:strongly )?(?:advised|suggested|advisable|required)\b|\bcorrelation is\b|"
    r"\bclinical correlation\b"
    r"|\bfollow-?up (?:is|with|suggested|advised)\b|\bplease correlate\b|\bshould be (?:considered|followed|"
    r"performed|correlated)\b|\badvise\b"
)
_MARKERS = (
    r"er|pr|pgr|her-?\s?2(?:[ /-]?neu)?|c-?erb\w*|ki-?\s?67|mib-?\s?1|p\s?(?:16|53|63|40|504s)|s-?100|ttf-?\s?1|"
    r"napsin|ck-?\s?\d+\S*|cd-?\s?\d+\w*|cam\s?5\.2|"
    r"hmb-?\s?45|melan-?a|mart-?1|vimentin|desmin|actin|calretinin|wt-?1|gata-?3|pax-?\s?\d|ca-?ix|ca-?9|racemase|"
    r"amacr|psa|psap|synaptophysin|"
    r"chromogranin|gfap|ema|cea|egfr|mlh-?1|msh-?\s?[26]|pms-?2|idh-?1|atrx|inhibin|hepar-?1|cdx-?\s?2|c-?kit|"
    r"keratins?|"
    r"cytokeratins?|ae1\S*|estrogen|progesterone|oestrogen|e-?cadherin|afp|thyroglobulin|calcitonin|oct-?\s?[34]\S*|"
    r"sall-?4|plap|d2-?40|"
    r"podoplanin|bcl-?\s?\d|cyclin|dog-?1|sma|mucin|mucicarmine|pas-?d?|trichrome|reticulin|elastic|gms|afb|hpv|ebv|"
    r"eber"
)
_IHC = re.compile(
    r"\bimmuno\w+|\bihc\b|\b(?:special|elastic|histochemical|keratin|trichrome|mucin|pas|immuno\w*) stains?\b|"
    r"\bstain(?:s|ed|ing)?\b(?= (?:for|with|were|was|are|is|show|positive|negative|intensity|index|confirm|reveal))"
    rf"|\b(?:{_MARKERS})\b[^.;]{{0,40}}?(?:\bpositiv\w*|\bnegativ\w*|[+]|\(-\)|\breactiv\w*|\bexpress\w*|\bstain\w*|"
    rf"\bindex\b|\bintact\b|\bpreserved\b|\d ?%|\bimmuno|\bscore\b|\blabel\w+|\bstatus\b)"
    rf"|\b(?:positiv\w*|negativ\w*|reactiv\w*|express\w*|stain\w*)\s+(?:\w+\s+){{0,3}}?(?:for|with|of|"
    rf"in)?\s*(?:{_MARKERS})\b"
    r"|\b(?:estrogen|progesterone|oestrogen|hormone) receptors?\b|\bproliferation index\b|\blabell?ing index\b|"
    r"\bclone\b|\bantibod\w+"
)
# Markers that are spoken of for their stain alone.
_SURE_MARKER = re.compile(
    r"\b(?:ki-?\s?67|mib-?\s?1|ttf-?\s?1|napsin|ck-?\s?\d{1,2}\b|cd-?\s?\d{1,3}[a-z]?\b|hmb-?\s?45|melan-?a|mart-?1|"
    r"vimentin|"
    r"desmin|calretinin|gata-?3|pax-?\s?[28]|ca-?ix|racemase|amacr|p504s|synaptophysin|chromogranin|gfap|s-?100|"
    r"cdx-?\s?2|"
    r"cytokeratins?|keratin|c-?kit|inhibin|hep-?par|e-?cadherin|thyroglobulin|oct-?\s?[34]|sall-?4|plap|d2-?40|"
    r"podoplanin|"
    r"bcl-?\s?[26]|dog-?1|myogenin|ae1|olig-?2|neun|synap\w+|estrogen|progesterone|her-?\s?2(?:/?\s?neu)?|"
    r"ema|"
    r"pan-?\s?(?:cyto)?keratin|(?:positive|negative) controls?)\b(?! pearls?)|\bcontrols? (?:slides? )?(?:are|"
    r"react\w*|stain\w*)\b|"
    r"\b(?:zn|grocott|giemsa|gms|afb|pas|gram) (?:\w+ )?stains?\b|\bstains? performed\b"
)
_MOLECULAR = re.compile(
    r"\bmutat\w+|\bfish\b|\bin[ -]situ hybridi[sz]\w+|\bcytogen\w+|\bcodons?\b|\bexons?\b|\bgenes?\b|\bgenetic\w*|"
    r"\bchromosom\w*|\bpcr\b|\bsequenc\w+|"
    r"\bmolecular\b|\bamplifi(?:ed|cation)\b|\brearrange\w+|\btranslocation\w*|\bmicrosatellite\b|\bmsi\b|"
    r"\b(?:k-?ras|braf|alk|nras|egfr)\b"
    r"|\b1p/?19q\b|\bkaryotype\b|\bdna\b|\bassay\b|\bmlpa\b|\bploid\w*|\bdeletion\b|\bmethylat\w+|"
    r"\bhybridi[sz]ation\b|\ballel\w+|\bwild[ -]type\b"
)
_CLINICAL = re.compile(
    r"\by(?:ear|r)s?[ -]?old\b|\by/o\b|\bhistory\b|\bsmok(?:er|ing)\b|\bpresent(?:s|ed|ing) with\b|"
    r"\bclinical(?:ly)? (?:history|diagnosis|information|impression|suspicion|stage|data)\b"
    r"|\bpre-?op\w*\b|\bpost-?op\w*\b|\bpsa(?: value| level)?\s?[:=]|\bserum\b|\bldh\b|"
    r"\bct scan\b|\bmri\b|\bultrasound\b|\bradiolog\w+|\bimaging\b|\bbiopsy (?:proven|showed)\b|"
    r"\betiology\b"
)
_OF_BEFORE = re.compile(r"\b(?:previous(?:ly)?|prior|status[ -]post|s/p|patient|(?:chemo|radio)?therapy)\b")


def is_unassessed(low: str) -> bool:
    """Whether a sentence, given in small letters, says that something was not looked at or is not said here."""
    if not any(map(low.__contains__, _UNASSESSED_HINTS)):
        return False
    found = _UNASSESSED.search(low) or _OPENS_UNASSESSED.match(low) or ("unknown" in low and _UNKNOWN.search(low))
    return bool(found)


def is_about_report(low: str) -> bool:
    """Whether a sentence speaks of the report, its authors and its codes."""
    if not (any(map(low.__contains__, _REPORT_HINTS)) or _CODE.match(low)):
        return False
    return (_OPENS_ABOUT_REPORT.match(low) or _ABOUT_REPORT.search(low)) is not None


def is_recommendation(low: str) -> bool:
    """Whether a sentence says what should be done next."""
    return ("recommend" in low or "correlat" in low or "advis" in low or "follow" in low or "should" in low or
            "suggested" in low or "required" in low) and _RECOMMENDED.search(low) is not None  # fmt: skip


def clinical_at(low: str) -> int:
    """Where a sentence begins to speak of the patient, of the clinic, of values of the laboratory; -1 for nowhere."""
    found = _CLINICAL.search(low)
    return found.start() if found else -1


def is_of_before(low: str) -> bool:
    """Whether a sentence names the patient or what was done before, which findings may mention too."""
    return _OF_BEFORE.search(low) is not None


def stain_at(low: str) -> int:
    """Where a sentence begins to speak of a stain and its result; -1 for nowhere."""
    stain, marker = _IHC.search(low), _SURE_MARKER.search(low)
    if stain and marker:
        return min(stain.start(), marker.start())
    found = stain or marker
    return found.start() if found else -1


def molecular_at(low: str) -> int:
    """Where a sentence begins to speak of genes and their tests; -1 for nowhere."""
    found = _MOLECULAR.search(low)
    return found.start() if found else -1
