"""Words about the report itself: what was not assessed or not sent, where to look, who looked, codes, disclaimers.

All patterns but that of authors are for text in small letters.
"""

from __future__ import annotations

import re

_UNASSESSED = re.compile(
    r"\bnot (?:specified|applicable|assess\w*|reported|recorded|provided|stated|examined|known|available|indicated|"
    r"determined|evaluated|performed|submitted|received|answered|sampled|tested|requested|done|graded|measured|"
    r"documented|mentioned|entered|obtained)\b|\bnone (?:submitted|received|provided|available|sampled|specified|"
    r"reported|listed)\b|"
    r"\b(?:cannot|can not|could not) be (?:\w+ly )?(?:assessed|determined|evaluated|made|graded|ascertained|"
    r"measured)\b|\bunable to (?:assess|determine|evaluate|grade)\b|\bindeterminable\b|\bn/?a\b|\bpending\b|"
    r"\binsufficient (?:tissue|material|information|data)\b|"
    r"\bno (?:regional )?(?:lymph )?(?:nodes?|tissue|specimens?|material|information) (?:(?:was|were|is|are|"
    r"has been) )?"
    r"(?:submitted|received|sampled|provided|sent|available)\b|"
    r"\b(?:separately submitted|submitted separately)\b[^;,]{0,30}$"
)
_UNKNOWN = re.compile(r"(?:^|[:=])\W*(?:unknown\b|unspecified(?:\W*$|,))")
_OPENS_UNASSESSED = re.compile(r"\W*(?:(?:additional )?(?:comments?|notes?)\W+none\b|(?:to follow|deferred)\b)")
_UNASSESSED_HINTS = (
    "not ", "cannot", "n/a", "na", "unknown", "pending", "none", "to follow", "deferred", "indetermin", "submitted",
    "unable", "insufficient", "unspecified", "available",
)  # fmt: skip
# "pMX: cannot be assessed" is a value of its field, where "pMX (cannot be assessed)" only explains its code.
_UNASSESSED_VALUE = re.compile(
    r"[:=]\W{0,5}(?:not (?:applicable|assess\w*|specified|reported|provided|determined|evaluated|available|known)|"
    r"(?:cannot|can not) be (?:assessed|determined|evaluated)|n/?a|unknown|pending)\W*$"
)
# By their first letters, and all at the beginning of a word: the engine then tries few, and these only there.
_ABOUT_REPORT = re.compile(
    r"\b(?:a(?:ccession(?:ed)?|ccredited|ddend(?:um|a|ed)|dmit date|gree(?:s|d|ment)? with|mended|nalyte specific|"
    r"ttest(?:s|ed|ation)?|vailable (?:up)?on request)|"
    r"c(?:ancer registry as|ontact (?:me|us)|ase (?:was|is|has been) (?:also )?(?:discussed|shown|sent|seen|presented)|"
    r"ase imported|"
    r"lia|linical (?:purposes|laboratory improvement)|om+unicated|ompleted by|oncur(?:s|red|rence|ring)?|"
    r"onfidential(?:ity)?|onfirm\w* (?:the )?frozen section|onsensus|onsult(?:ed|ation|ant)|opy to|"
    r"ap (?:cancer )?protocols?|harge codes?|orrected (?:to|report)|orrespond\w* (?:to|with) (?:\w+ ){0,6}(?:frozen|"
    r"intra-?operative)|pt)|"
    r"d(?:iagnosed by|iagnosis (?:remains|is unchanged)|iagnosis inquiry|ictated|igital (?:imag|photo)\w+|"
    r"iscussed with|o not file|r)|"
    r"entire report|examination (?:(?:was|is|are|were|has been) )?(?:performed|obtained)|"
    r"f(?:ax(?:ed)?|ix(?:ed|ation)\b.{0,60}\b(?:minimum|no less than|at least)|da|ood and drug|inal (?:diagnosis|"
    r"report) (?:was )?(?:made|issued) by|"
    r"rozen section diagnos\w+\b[^.]{0,200}\bconfirm\w*|"
    r"rozen section (?:(?:was|is|are|were|has been) )?(?:performed|obtained)(?!\)))|"
    r"for permanents?|high[- ]complexity|[ijl1]attest|"
    r"g(?:ross (?:(?:examination|identification|description|diagnosis|evaluation) )?only(?=\W*$)|uided by)|"
    r"hold for|i(?:cd\w{0,4}|nformational purposes|nformed of|ntradepartment\w+|nvestigational|s available in|ssued|"
    r"s certified under)|"
    r"legacy computer|"
    r"m(?:edical literature|icroscopic (?:sections|slides) (?:have been|were|"
    r"are) (?:examined|reviewed)|"
    r"icroscopy (?:(?:was|is|are|were|has been) )?(?:performed|obtained))|"
    r"no(?:tified|t been (?:specifically )?(?:cleared|approved)|t modified)|oncology conference|"
    r"p(?:age:? \d+ ?(?:of|/) ?\d+|athologists?|athology resident|er (?:the )?(?:previous|prior) (?:\w+ )?report|"
    r"erformance characteristics|erformed by|honed?|"
    r"hotograph(?:s|ed|y)?(?=[^.]{0,60}$)|rinted (?:on|by|in)|rivileged)|"
    r"r(?:e(?:layed|ndered|peat(?:ed)?[- ]back|search|viewed|sident physician)|ead back|"
    r"e(?:port|sults?|vised report) (?:name|date|status|released|reported|will follow|to follow)|evised report)|"
    r"s(?:eparate reports?|ignatory|ignature|igned|ent (?:out )?(?:to|for)|lides? (?:are|is|were|was|"
    r"have been) (?:sent|submitted|examined)|nomed|taging manual|"
    r"tatement applies|tudies (?:(?:was|is|are|were|has been) )?(?:performed|obtained)|"
    r"upplement(?:al|ary) report)|"
    r"t(?:eaching physician|elephon\w*|his (?:\w+ ){0,2}report|ouch prep\w* (?:(?:was|is|are|were|has been) )?"
    r"(?:performed|obtained)|ranscri(?:bed|ption\w*)|umou?r board|ypographical)|"
    r"un(?:authorized|dersigned)|v(?:alidated|erbal(?:ly)?|erified by)|"
    r"will (?:follow|be (?:reported|issued|made|sent|forwarded|communicated|released|added|obtained|reflected))|"
    r"be reported|called to|"
    r"(?:see|refer to)\b(?=\W*(?:\w+\W+){0,3}(?:comments?|notes?|below|above|synop\w*|micro\w*|description|template|"
    r"parts?|reports?|addend\w*|diagnos\w*|$)))\b"
)
# Colleagues who looked at the case, whatever they found in it.
_COLLEAGUES = re.compile(r"\bconcur(?:s|red|rence|ring)?\b|\bagrees? with\b|\bdr\b.{0,60}\breviewed\b|\breviewed by\b")
_OPENS_ABOUT_REPORT = re.compile(
    r"\W*(?:(?:please )?(?:see|refer)\b|[cm] ?\d{2}[,.]?\d?\W*$|[mtp]-?\d{4,5}\b|(?:material\W+)?"
    r"blocks?(?: numbers?| no)?\W+[a-z]{0,2}\d{1,3}\b|f/?s tat\b)"
)
_MORPHOLOGY, _CODE_CHARS = re.compile(r"\b\d{4}/[0-39]\b"), 46
# What laboratories must say of their tests, whatever tests they name.
_DISCLAIMER = re.compile(
    r"\b(?:fda has|food and drug|clinical laboratory improvement|performance characteristics|statement applies|"
    r"informational purposes|investigational|not been (?:specifically )?(?:cleared|approved)|"
    r"high[- ]complexity|fix(?:ed|ation)\b.{0,60}\b(?:minimum|no less than|at least)|analyte specific)\b"
)
# What is said of a test beside its result, or in place of one.
_OF_TESTING = re.compile(
    r"\b(?:pending|not performed|will (?:be|follow)|(?:has|have|is|are|was|were) (?:been )?(?:ordered|requested)|"
    r"guided by|medical literature|separate report|report(?:ed)? separately|in (?:an|the) addend\w+|to follow)\b"
)
# "Lefevre M, Couturier J, Sibony M, ...", "2005 Dec;29(12):1576-81", "et al".
_REFERENCE = re.compile(
    r"\b(?:[A-Z][^\W\d_]{2,} [A-Z]{1,2}, ){3}|\b[eE]t[. ]{1,2}al\b|\b(?:19|"
    r"20)\d\d(?: [A-Z][a-z]{2})?[;:] ?\d{1,3} ?[(:]"
)


def is_unassessed(low: str) -> bool:
    """Whether a sentence, given in small letters, says that something was not looked at or is not said here."""
    if not any(map(low.__contains__, _UNASSESSED_HINTS)):
        return False
    found = (
        _UNASSESSED.search(low)
        or _OPENS_UNASSESSED.match(low)
        or (("unknown" in low or "unspecified" in low) and _UNKNOWN.search(low))
    )
    return bool(found)


def has_unassessed_value(low: str) -> bool:
    """Whether the value of a field is that it was not assessed."""
    return (":" in low or "=" in low) and _UNASSESSED_VALUE.search(low) is not None


def is_about_report(low: str) -> bool:
    """Whether a sentence speaks of the report, its authors and its codes."""
    found = _ABOUT_REPORT.search(low) or _OPENS_ABOUT_REPORT.match(low)
    return bool(found or ("/" in low and _MORPHOLOGY.search(low, 0, _CODE_CHARS)))


def is_of_colleagues(low: str) -> bool:
    """Whether a sentence says who else looked at the case, what they found in it included."""
    return ("concur" in low or "agree" in low or "reviewed" in low) and _COLLEAGUES.search(low) is not None


def is_disclaimer(low: str) -> bool:
    """Whether a sentence about tests says what a laboratory must say of them, whatever tests it names."""
    return _DISCLAIMER.search(low) is not None


def is_of_testing(low: str) -> bool:
    """Whether a sentence about a test says that it is to come, or by what it was read."""
    return _OF_TESTING.search(low) is not None


def is_reference(text: str) -> bool:
    """Whether a sentence, as written, cites the literature."""
    return _REFERENCE.search(text) is not None
