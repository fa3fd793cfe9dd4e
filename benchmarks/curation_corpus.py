"""What curation makes of all real reports and notes: what is found, what is left in texts, how fast it goes."""

from __future__ import annotations

import csv
import gc
import re
import time
from collections import Counter
from collections.abc import Sequence

from curation_cancers import says_cancer
from curation_gold import DATA, Judged, overlapping

from pathalign.text.curation import CuratedReport, curate_note, curate_report, part_of_slide
from pathalign.text.malignancy import is_malignant
from pathalign.text.statements.staging import pathologic_t
from pathalign.text.unseen import GRADE

_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
UNSEEN = {
    "size": re.compile(r"\b(?:cm|mm|centimet\w+|millimet\w+|grams?)\b|\d\s?(?:cm|mm|g)\b|\d\s?x\s?\d", re.IGNORECASE),
    "count": re.compile(
        rf"\b{_NUMBER} (?:of|out of) (?:the )?{_NUMBER}\b|\b\d+/\d+\b|"
        rf"\b{_NUMBER} (?:[\w-]+ ){{0,2}}(?:lymph )?nodes?\b",
        re.IGNORECASE,
    ),
    "laterality": re.compile(r"\b(?:right|left|bilateral(?:ly)?|laterality|quadrants?|o['’]?clock)\b", re.IGNORECASE),
    "date": re.compile(
        r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b(?:19|20)\d\d\b|\b(?:january|february|march|april|june|july|august|"
        r"september|"
        r"october|november|december)\b",
        re.IGNORECASE,
    ),
    "recommendation": re.compile(
        r"\brecommend\w*|\b(?:clinical|radiologic\w*) correlation\b|\bfollow-?up\b|\bis (?:advised|suggested|"
        r"required)\b|"
        r"\bplease correlate\b",
        re.IGNORECASE,
    ),
}
"""What no generation text may hold, grades taken out first."""
_NEGATION = re.compile(
    r"\b(?:no|not|non|none|without|negative|neg|absent|absence|free|uninvolved|lack\w*|neither|nor|never|unremarkable|"
    r"benign|normal|excluded)\b|-free\b|\b0\s?/|\b0 of\b",
    re.IGNORECASE,
)

_LONG_WORD = re.compile(r"[a-z]{4,}")
_STATED_CLAUSE = re.compile(r"[,;]|(?<!\b[Nn][Oo])\.\s|\.\s(?![a-z])|\s-\s(?=[Nn][Oo]\.?\s[a-z]{4})")
"""What parts clauses: "fatty tissue - no. tumor", cut by OCR, denies the tumour, and "necrosis - no." the necrosis."""


def leaks(curated: Sequence[CuratedReport]) -> dict[str, int]:
    """Generation texts that hold what no slide shows, by what it is."""
    counts = Counter(dict.fromkeys(UNSEEN, 0))
    for report in curated:
        for part in report.parts:
            bare = GRADE.sub("", part.generation_text)
            counts.update(name for name, pattern in UNSEEN.items() if pattern.search(bare))
    return dict(counts)


def negation_leaks(reports: Sequence[Judged]) -> tuple[int, int]:
    """(statements that the generation text turns round, gold-negated statements that it says anything of).

    A sentence of the text turns a statement round when it states a tumour that the statement does not, or when it
    denies nothing although the words that it says again stand in one clause with the denial. A sentence that OCR cut
    in two may state the tumour of its other half ("CARCINOMA EXTENDING TO. THE MUCOSA, MARGINS FREE"): the words for
    the tumour must then stand there, and none of them in the statement.
    """
    turned = said = 0
    for one in reports:
        for gold in one.gold["statements"]:
            if not gold.get("negated"):
                continue
            stated = one.text[gold["start"] : gold["end"]]
            spans = {(mine.start, mine.end) for mine in overlapping(gold, one.curated.statements)}
            sentences = [
                sentence
                for part in one.curated.parts
                for sentence in part.generation_sentences
                if sentence.kinds and (sentence.start, sentence.end) in spans
            ]
            said += bool(sentences)
            turned += any(
                _turns_round(
                    stated,
                    sentence.text,
                    one.text[sentence.start : max(sentence.start, gold["start"])]
                    + " "
                    + one.text[min(sentence.end, gold["end"]) : sentence.end],
                )
                for sentence in sentences
            )
    return turned, said


def _turns_round(stated: str, said: str, beside: str) -> bool:
    """Whether a sentence turns a denied statement round; `beside` is what the sentence says again besides it."""
    if is_malignant(said) is True and is_malignant(stated) is not True:
        tumours = [clause for clause in re.split(r"[,;]|\.\s", said) if is_malignant(clause) is True]
        if not tumours or not all(_stands_beside(clause, stated, beside) for clause in tumours):
            return True
    if _NEGATION.search(said):
        return False
    words = _LONG_WORD.findall(said.lower())
    for clause in map(str.lower, _STATED_CLAUSE.split(stated)):
        if _NEGATION.search(clause) and words and all(word in clause for word in words):
            return True
    return False


def _stands_beside(clause: str, stated: str, beside: str) -> bool:
    """Whether the tumour of a clause is that of the text beside a statement, none of its words the statement's."""
    words = _LONG_WORD.findall(clause.lower())
    of_statement = [word for word in words if word in set(_LONG_WORD.findall(stated.lower()))]
    known = {*_LONG_WORD.findall(beside.lower()), *of_statement}
    return is_malignant(beside) is True and known.issuperset(words) and is_malignant(" ".join(of_statement)) is not True


def cancers_told(curated: dict[str, CuratedReport]) -> tuple[int, int]:
    """(reports whose retrieval text names the histology of their cancer, reports whose cancer is known)."""
    with (DATA / "reports" / "tcga_patient_to_cancer_type.csv").open(newline="", encoding="utf-8") as file:
        cancers = {row["patient_id"]: row["cancer_type"] for row in csv.DictReader(file)}
    told = known = 0
    for name, report in curated.items():
        cancer = cancers.get(name.split(".")[0])
        if cancer is None:
            continue
        whole = part_of_slide(report, None)
        known += 1
        told += whole is not None and says_cancer(cancer, whole.retrieval_text)
    return told, known


def t_stages_right() -> tuple[int, int, int]:
    """(right, stated, reports): T stages read in the reports that have a label of it."""
    csv.field_size_limit(10**7)
    right = stated = total = 0
    with (DATA / "reports" / "tcga_reports_t14.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            stage = pathologic_t(row["text"])
            total += 1
            stated += stage is not None
            right += stage is not None and stage.value == str(int(row["label"]) + 1)
    return right, stated, total


def notes_read() -> tuple[int, int, int, int]:
    """(notes, with a text as notes, taken for notes by themselves, with something for generation) of GTEx."""
    with (DATA / "reports" / "gtex_notes.csv").open(newline="", encoding="utf-8") as file:
        notes = [row["Pathology Notes"] for row in csv.DictReader(file) if row["Pathology Notes"].strip()]
    asked = [curate_note(note) for note in notes]
    alone = [curate_report(note) for note in notes]
    return (
        len(notes),
        sum(bool(one.parts and one.parts[0].retrieval_text) for one in asked),
        sum(len(one.parts) == 1 and bool(one.parts[0].retrieval_text) for one in alone),
        sum(bool(one.parts and one.parts[0].generation_text) for one in asked),
    )


def speeds(reports: Sequence[str]) -> tuple[float, float]:
    """Reports per second of one core: for both texts of every part, and with all statements besides.

    The collector of garbage does not look again and again at what this script holds; `curate` holds a few reports.
    """
    gc.collect()
    gc.freeze()
    begun = time.process_time()
    for report in reports:
        curate_report(report)
    texts = time.process_time() - begun
    begun = time.process_time()
    for report in reports:
        _ = curate_report(report).statements
    whole = time.process_time() - begun
    gc.unfreeze()
    return len(reports) / texts, len(reports) / whole
