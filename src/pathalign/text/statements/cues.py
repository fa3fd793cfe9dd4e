"""Words of what a slide does not show by itself: stains, molecular tests, the clinic, advice."""

from __future__ import annotations

import re

# All patterns are for text in small letters.
_RECOMMENDED = re.compile(
    r"\b(?:recommend(?<!facturers recommend)(?<!facturer's recommend)(?<!facturer' s recommend)(?:ed|s|ing|ation)?|"
    r"(?:is|are) (?:strongly )?(?:advised|suggested|advisable|required)|(?:is|are), \w+, (?:also )?(?:required|advised|"
    r"recommended)|clinical correlation|correlation (?:is|with (?:the )?(?:clinic|imaging|radio)\w*)|"
    r"requires? (?:\w+ ){0,2}correlation|follow-?up (?:is|with|suggested|advised)|please correlate|"
    r"should be (?:considered|followed|performed|correlated)|advise)\b"
)
# Markers that are words or signs of other things too: they count beside a result.
_MARKERS = (
    r"er|pr|pgr|ar|c-?erb\w*|p\s?(?:16|40|53|57|63)|ca-?9|ca\s?(?:19|125)\S*|actin|psa|psap|ema|cea|egfr|mlh-?1|"
    r"msh-?\s?[26]|"
    r"pms-?2|idh-?\s?[12]|atrx|braf|alk|ros-?1|met|hepar-?1|afp|hcg|calcitonin|cyclin|sma|msa|mucin|pas-?d?|elastic|"
    r"gms|afb|hpv|"
    r"ebv|eber|cmv|hsv|villin|erg|insulin|glucagon|gastrin|serotonin|somatostatin|muc\s?\d\w*|factor viii|laminin|"
    r"kappa|lambda|"
    r"ig[agm]|lca|nse|tdt|mpo|inhibin|receptors?|markers?"
)
_RESULT = (
    r"\bpositiv\w*|\bnegativ\w*|[+]|\(-\)|\breactiv\w*|\bexpress\w*|\bstain\w*|\bindex\b|\bintact\b|\bpreserved\b|"
    r"\d ?%|"
    r"\bimmuno|\bscore\b|\blabel\w+|\bstatus\b|\bretained\b|\bloss\b"
)
_VERDICT = r"positiv\w*|negativ\w*|reactiv\w*|express\w*|stain\w*"
_IHC = re.compile(
    r"\bimmun(?:o|hist)\w+|\bihc\b|\b(?:special|elastic|histochemical|keratin|trichrome|mucin|pas|iron|"
    r"immuno\w*) stains?\b|"
    r"\bstain(?<!h&e stain)(?<!h/e stain)(?:s|ed|ing)?\b(?= (?:for|with|were|was|are|is|show|positive|negative|"
    r"intensity|index|"
    r"confirm|reveal|"
    r"highlight|demonstrat|identif|perform|support|fail|pattern|has|have|did|by))|\btumou?r staining\b|\b(?:nuclei|"
    r"cells) stained\b|"
    r"\b(?:nuclear|cytoplasmic|membran(?:e|ous)) (?:staining|positivity|reactivity|expression)\b|"
    r"\b(?:positive|negative|no|weak|strong) (?:\w+ )?reaction\b|\ballred\b|\bh-?score\b|\bproportion score\b|"
    r"\bintensity\b\W{0,3}(?:score|weak|strong|moderate|\d)|\bhercept\w+|\bdako\b|\bventana\b"
    r"|\b(?:estrogen|progesterone|oestrogen|hormone|androgen) receptors?\b|\bproliferation index\b|"
    r"\blabell?ing index\b|"
    r"\bclones?\b|\bantibod\w+|\blight chain restriction\b|\bi\w{2,5}n?o-?\s?p(?:rofile|henotype)\b|"
    r"\bproliferati\w+\b[^.;]{0,25}\d ?%|"
    r"\bprofile (?:(?:is|are|\w+ly) )?(?:support|favou?r|confirm|consistent)\w*|"
    r"\b(?:th\w+|staining) results? (?:\w+ly )?(?:support|confirm|favou?r|(?:is|are) consistent)\w*"
)
_IHC_HINTS = (
    "immun", "ihc", "stain", "reacti", "positivity", "expression", "allred", "score", "intensity", "hercept", "dako",
    "ventana", "receptor", "index", "clone", "antibod", "light chain", "profile", "proliferati",
    "result",
)  # fmt: skip
_MARKED = re.compile(
    rf"\b(?:{_MARKERS})\b[^.;]{{0,40}}?(?:{_RESULT})"
    rf"|\b(?:{_VERDICT})\s+(?:\w+\s+){{0,3}}?(?:for|with|of|in)?\s*(?:{_MARKERS})\b"
)
_MARKED_HINTS = (
    "positiv", "negativ", "+", "(-)", "reactiv", "express", "stain", "index", "intact", "preserved", "%", "immuno",
    "score", "label", "status", "retained", "loss",
)  # fmt: skip
# Markers and dyes that are spoken of for their stain alone.
_SURE_MARKER = re.compile(
    r"\b(?:a(?:e-?1(?:\s?/\s?(?:ae)?-?3)?|macr|lcian|cid[- ]fast|rginase)|b(?:cl-?\s?[126]|er-?\s?ep-?\s?4|rst-?2|"
    r"-?catenin|"
    r"eta-?\s?catenin|72\.3|ielschowsky)|c(?:k-?\s?\d{1,2}(?:/\d{1,2})?|d-?\s?\d{1,3}[a-z]{0,2}|am\s?5[.,]?\s?2|"
    r"alretinin|alponin|a-?\s?ix|"
    r"dx-?\s?2|ytokerati\w+|-?kit|hromogranin|laudin|ongo red|olloidal iron)|d(?:esmin|2-?\s?40|og-?1|-?pas)|"
    r"e(?:-?\s?cadherin|strogen|ma|vg|nolase)|f(?:li-?1|ontana)|g(?:ata-?\s?3|fap|alectin|cdfp\S*|lypican|rocott|"
    r"iemsa|ranzyme)|"
    r"h(?:mb-?\s?45|ep-?\s?par\S*|bme\S*|er-?\s?2(?:/?\s?neu)?|mwc?k|hv-?8|-?caldesmon)|i(?:gg4|ni-?1|nsm-?1)|"
    r"k(?:i-?\s?67|eratins?|903)|l(?:eu-?\s?m1|uxol|fb)|"
    r"m(?:ib-?\s?[1il]|ovats?|elan-?\s?a|art-?\s?1|yogenin|yo-?d1|oc-?\s?31|ammaglobin|um-?1|dm-?2|itf|ucicarmine?|"
    r"esothelin|"
    r"yeloperoxidase)|"
    r"n(?:apsin|eun|eurofilament|kx\s?\d\S*)|o(?:ct-?\s?[34]\S*|lig-?\s?2|estrogen|il red)|"
    r"p(?:ax-?\s?[258]|-?(?:16|40|53|63|120)|504s?|lap|odoplanin|an-?\s?(?:cyto)?keratin|rogesterone|as-?d|"
    r"as[- ]diastase|eriodic acid|"
    r"russian blue|d-?l1|"
    r"sap)|r(?:acema[sc]e|eticulin)|s(?:-?\s?100|ynap\w+|all-?\s?4|ox-?\s?\d{1,2}|mooth muscle actin|tat-?6|atb-?2)|"
    r"t(?:tf-?\s?1|hyroglobulin|richrome|ryptase|le-?1|hrombomodulin)|u(?:roplakin)|v(?:imentin|vg|on kossa)|"
    r"w(?:t-?\s?1|arthin[- ]starry)|z(?:iehl\w*|n stain)|34\s?b(?:eta)?-?\s?e-?\s?12|(?:positive|negative) controls?)\b"
    r"(?! (?:pearls?|production|formation|debris|plugs?|cysts?|granulom\w+|therapy|replacement|units?))|"
    r"\bcontrols? (?:slides? )?(?:are|show|"
    r"react\w*|stain\w*)\b|"
    r"\b(?:zn|gms|afb|pas|gram) (?:\w+ )?stains?\b|\ba pas\b|\bstains? performed\b"
)
# By their first letters, as `_SURE_MARKER`: the engine tries few at each word.
_MOLECULAR = re.compile(
    r"\b(?:t\(\d{1,2};\d{1,2}\)|(?:1p/?19q|a(?:llel\w+|mplifi(?:ed|cation)|ssay(?<!oxidase assay)(?<!chemical assay))|"
    r"bcr[-/]abl\w*|"
    r"c(?:entromer\w*|hromosom\w*|odons?|opy number|ytogen\w+)|d(?:\d{1,2}s\d{2,4}|eletions?|isomy|na)|exons?|f(?:ish|"
    r"lt3)|"
    r"g(?:enes?|enetic\w*|enotyp\w+)|h(?:er-?2\w* ratio|eterozyg\w+|ybridi[sz]ation)|in[ -]situ hybridi[sz]\w+|jak2|"
    r"k(?:-?ras|aryotyp\w*)|lo(?:ci|h)|m(?:etaphases?|ethylat\w+|gmt|icrosatellite|lpa|olecular|onosomy|si|utat\w+)|"
    r"n(?:pm1|ras|ucleotides?)|p(?:cr|dgfra|loid\w*|olysomy|romoter)|r(?:atio of \S+ signals|earrange\w+)|"
    r"s(?:equenc\w+|ignals? per)|tr(?:anslocation\w*|isomy)|wild[ -]type)\b)"
)
# Genes whose proteins are stained too: their result is the stain's.
_GENE_OR_STAIN = re.compile(r"\b(?:braf|alk|egfr|ros-?1)\b")
_TESTED = re.compile(r"\b(?:positiv\w*|negativ\w*|reactiv\w*|results?|stain\w*|markers?|scores?|controls?)\b")
_CLINICAL = re.compile(
    r"\b(?:psa(?: value| level)?\s?[:=]|(?:biops(?:ied|y proven|y showed)|"
    r"c(?:a-?\s?(?:125|19[-.]9)|linical(?:ly)? (?:history|diagnosis|information|impression|suspicion|stage|data)|"
    r"t scan)|"
    r"et[io]{1,2}log\w*|(?:fe)?male with|h(?:istory|[bc]v)|imaging|ldh|mri|p(?:ost-?op\w*|re-?op\w*|"
    r"resent(?:s|ed|ing) with)|radiolog\w+|s(?:erum|mok(?:er(?!\W*s? macro)|ing)|ymptoms?)|ultrasound|"
    r"y(?:(?:ear|r)s?[ -]?old|/o))\b)"
)
_OF_BEFORE = re.compile(
    r"\b(?:previous(?:ly)?(?! (?:\w+ly )?(?:inked|bisected|sectioned|incised|opened|cut|fixed|received|described))|"
    r"prior|"
    r"status[ -]post|s/p|patient(?!(?:'? ?s)? (?:name|id|initial|information))|(?:chemo|radio)?therapy)\b"
)


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
    found = _SURE_MARKER.search(low)
    places = [found.start()] if found else []
    for pattern, hints in ((_IHC, _IHC_HINTS), (_MARKED, _MARKED_HINTS)):
        if any(map(low.__contains__, hints)) and (found := pattern.search(low)):
            places.append(found.start())
    return min(places, default=-1)


def molecular_at(low: str) -> int:
    """Where a sentence begins to speak of genes and their tests; -1 for nowhere."""
    found = _MOLECULAR.search(low)
    if (
        found is None
        and ("braf" in low or "alk" in low or "egfr" in low or "ros" in low)
        and not (_IHC.search(low) or _MARKED.search(low))
    ):
        found = _GENE_OR_STAIN.search(low)
    return found.start() if found else -1


def is_of_test(low: str) -> bool:
    """Whether a sentence below the heading of stains and studies states a result, of which it names no marker."""
    return _TESTED.search(low) is not None
