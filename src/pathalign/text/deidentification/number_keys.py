"""The words that stand before a number and say whose or what it is."""

from __future__ import annotations

import re

from pathalign.text.deidentification.identifiers import Kind
from pathalign.text.deidentification.lexicon import word_set

_IS = r"\s?(?:number|no\b|nr\b|nbr|#|id\b|identifier|identification)"
"""After an ordinary word, what makes it the key of a number."""
_KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.MRN: (
        r"m\.?r\.?\s?n\b\.?",
        r"m\.?r\.?\s?#",
        r"mr\s?[:.]?\s{0,20}(?=[A-Z]?\d)",
        "mrno",
        r"med(?:ical)?\.?\s?rec(?:ord)?s?\b",
        rf"hosp(?:ital)?\.?\s?(?:unit)?{_IS}",
        rf"unit(?:{_IS}|\s?rec(?:ord)?)",
        rf"(?:patient|pt\.?|chart|history|record|enterprise|person|subject){_IS}",
        r"p\.?i\.?d\b",
        r"e?mpi\b",
        r"nhs\b",
        r"chi\b",
        r"(?:chart|donor)\b",
    ),
    Kind.SSN: (
        r"s\.?s\.?n\b\.?",
        r"s\.?s\.?\s?#",
        r"soc(?:ial)?\.?\s?sec(?:urity)?\b\.?",
        "national insurance",
        r"nino\b",
        r"sozialversicherung\w{0,12}",
    ),
    Kind.HEALTH_PLAN: (
        rf"(?:insurance|policy|member|subscriber|beneficiary|group|plan|medicare|medicaid|health\s?plan|payer|payor|guarantor|carrier|"
        rf"health\s?card|card|coverage|recipient|certificate|benefit|contract|enrollee|cardholder|insured|hic|"
        rf"medigap|tricare|blue\s?cross|identification)"
        rf"(?:{_IS}|\s?policy|\s?member|\s?plan)",
        r"hicn?\b",
        r"(?:ohip|msp|ramq|phn|hcn|health\s?card)\b",
        r"mbi\b",
        r"medicare\b",
        r"medicaid\b",
        r"hmo\b",
        r"policy\b",
    ),
    Kind.ACCOUNT: (
        r"acc(?:oun)?ts?\b\.?(?:\s?/\s?reg)?",
        r"fin\b",
        r"csn\b",
        r"har\b",
        r"encounter\b",
        rf"(?:visit|bill|admission){_IS}",
        r"billing\b",
        r"invoice\b",
        r"claim\b",
        r"registration\b",
        r"reg\s?#",
        r"iban\b",
        "credit card",
        r"episode\b",
        r"contact\sserial",
        r"(?:adm|admit|admission|bill|visit|enc|encntr|csn|statement|ledger|charge)\.?\s?(?:#|no\b|nbr|number|id\b)",
        r"billing\s(?:under|to)\b",
        r"billed\s(?:under|to)\b",
    ),
    Kind.LICENCE: (
        r"npi\b(?:\s(?:of|for)(?:\sthe)?\s[a-z]{2,12})?",
        r"clia\b",
        r"dea\b",
        r"(?:driver'?s?\s?)?licen[sc]es?\b",
        r"lic\b\.?",
        rf"(?:cert(?:ificate|ification)?|cap|state\s?lab)\.?{_IS}",
        r"certificate\b",
        r"cap\s?[:#]",
        r"cap accreditation",
        r"accreditation\b",
        r"upin\b",
        r"tax\s?id",
        r"ein\b",
        r"tin\b",
        r"gmc\b",
        r"lanr\b",
        r"bsnr\b",
        r"permit\b",
        r"passport\b",
    ),
    Kind.DEVICE: (
        r"serial\b",
        r"s/n\b",
        r"sn\s?[#:]",
        r"sn\s(?=[A-Z]{0,3}-?\d{4})",
        r"lot\b",
        r"udi\b",
        rf"(?:device|implant|scanner|instrument|model|machine){_IS}",
        r"(?:device|implant|pacemaker|model)\b",
        r"imei\b",
    ),
    Kind.VEHICLE: (
        r"vin\b",
        r"vehicle(?:\s?(?:identification|registration|plate))?\b",
        r"licen[sc]e\s?plate\b",
        rf"(?:plate|tag){_IS}",
        "number plate",
        r"registration\s?plate",
    ),
    Kind.ACCESSION: (
        r"access(?:ion)?\b\.?",
        r"acc\b\.?\s?(?=[#:n])",
        rf"(?:case|specimen|order|req(?:uisition)?|report|lab(?:oratory)?|histology|cytology|consult(?:ation)?|document|study|"
        rf"protocol|ref(?:erence)?)\.?{_IS}",
        r"case\s?:",
        r"case\b",
        r"(?:parent|referring|their)\s(?:ref(?:erence)?|case|report)\b\.?",
        r"specimen\s?#\s?:",
        r"requisition\b",
        r"barcode\b",
        rf"(?:surg(?:ical)?\.?\s?)?path(?:ology)?\.?(?:{_IS}|\s?:)",
        r"(?:outside|our|your|previous|prior)\s(?:ref(?:erence)?|case|slides?|report|biopsy)\b",
    ),
    Kind.NUMBER: (r"number\b",),
}
_NO = r"(?:[\s.:]{0,2}(?:(?:numbers?|num|nbr|no|nr|id|code|identifier)(?![^\W_]|-\d)|[#№]))?(?:\s(?:is|was|of))?"
_VALUE = (
    r"[\s.:#=()\[\]*'\"-]{0,8}[ "
    r"]{0,40}(?P<value>(?=[\w/.-]{0,12}\d)[A-Za-z0-9]{1,20}(?:[-/.:](?=\w)[A-Za-z0-9]{1,20}){0,6}"
    r"(?: (?=(?=[lLOoIS]{0,2}\d)[\dlLOoIS]{2,4}(?!\.\d|[\w/]|\s?(?:cm|mm|x|g|gm|year|yr)\b))[\dlLOoIS]{2,4}){0,4})"
)
KEYED = tuple(
    (kind, re.compile(rf"(?<![\w-])(?:{'|'.join(keys)}){_NO}{_VALUE}", re.IGNORECASE)) for kind, keys in _KEYS.items()
)
"""Patterns with a group "value"; each matches where its key begins."""

LEAST_DIGITS = {Kind.MRN: 3, Kind.DEVICE: 3, Kind.NUMBER: 5}
"""Digits that a value has at least; four for other kinds."""

FIRST_WORDS = word_set(
    "adm admit billed bill card cardholder carrier charge coverage donor enc encntr enrollee health "
    "hcn hx identification insured ledger medigap msp ohip parent phn ramq recipient referring "
    "statement their tricare blue benefit contract acc access accession account accounts "
    "accreditation acct accts admission barcode beneficiary bill billing "
    "bsnr cap case cert certificate certification chart chi claim clia consult consultation contact credit csn "
    "cytology dea device document driver driver's drivers ein empi encounter enterprise episode fin gmc group "
    "guarantor har health hic hicn histology history hmo hosp hospital iban imei implant instrument insurance "
    "invoice lab laboratory lanr lic licence licences license licenses lot m machine mbi med medicaid medical "
    "medicare member model mpi mr mrn mrno national nhs nino npi number order our outside p pacemaker passport "
    "path pathology patient payer payor permit person pid plan plate policy previous prior protocol pt record ref "
    "reference reg registration report req requisition s scanner serial sn soc social sozialversicherungsnummer "
    "specimen ss ssn state study subject subscriber surg surgical tag tax tin udi unit upin vehicle vin visit "
    "your"
)
"""The first word of every key."""
