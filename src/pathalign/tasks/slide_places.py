"""Where a slide comes from when its row does not say: a barcode table, its name, its DICOM header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathalign.domain.records import Problem, Slide
from pathalign.slides.sources.dicom_specimen import SpecimenLabels
from pathalign.store.tables import read_rows
from pathalign.text.slide_names.accession import accession_key
from pathalign.text.slide_names.convention import NameConvention, together
from pathalign.text.slide_names.slide_name import SlideName, stem
from pathalign.text.stains.preparation import stain_of_lines, stain_of_substances
from pathalign.text.stains.stain import stain_of

BARCODE_COLUMNS = ("barcode", "patient_id", "case_id", "part_id", "block_id", "stain")


@dataclass(kw_only=True)
class SlidePlaces:
    """Fills the empty cells of rows, and counts what it filled by convention."""

    convention: NameConvention
    barcodes: Mapping[str, SlideName] = field(default_factory=dict)
    filled: dict[str, Counter[str]] = field(default_factory=dict)
    """Convention -> column -> slides."""
    contradictory: list[str] = field(default_factory=list)
    """Slides whose name says another case than their row or header: nothing was filled."""
    normal_tissue: list[str] = field(default_factory=list)
    """Slides whose barcode says that they show normal tissue."""

    def fill(
        self, slide: Slide, given: Mapping[str, str], labels: SpecimenLabels | None, reported: ReportedCases
    ) -> Slide:
        """The slide with case, part, block and stain of its name where the row gives none; `given` are the row's cells.

        A cell that is given always holds. The case of a name is not taken where a report bears the id that the slide
        has without it.
        """
        record = self._record(slide, labels)
        if record is None:
            return slide
        told_case = given.get("case_id", "")
        other = accession_key(told_case) if told_case else ""
        if record is _CONTRADICTION or (other and record.case and other != (accession_key(record.case) or other)):
            self.contradictory.append(slide.slide_id)
            return slide
        offered = {
            "case_id": reported.spelling_of(record.case, instead_of=slide.case_id),
            "part_id": record.part, "block_id": record.block, "stain": record.stain,
        }  # fmt: skip
        had = {"case_id": slide.case_id, "part_id": "", "block_id": "", "stain": ""}
        taken = {name: value for name, value in offered.items() if value and value != had[name] and not given.get(name)}
        case_id = taken.get("case_id", slide.case_id)
        if record.patient and record.patient != case_id and not given.get("patient_id"):
            taken["patient_id"] = record.patient
        if taken:
            self.filled.setdefault(record.convention, Counter()).update(taken.keys())
        if record.normal_tissue:
            self.normal_tissue.append(slide.slide_id)
        return replace(
            slide, case_id=case_id, patient_id=given.get("patient_id") or record.patient or case_id,
            part_id=taken.get("part_id", slide.part_id), block_id=taken.get("block_id", slide.block_id),
            stain=taken.get("stain", slide.stain),
        )  # fmt: skip

    def _record(self, slide: Slide, labels: SpecimenLabels | None) -> SlideName | None:
        names = [slide.slide_id, *([slide.path.name] if slide.path else [])]
        if self.convention == NameConvention(known=False) and not self.barcodes:
            return None
        found = [self.barcodes[name] for name in dict.fromkeys(map(stem, names)) if name in self.barcodes]
        found += [record for name in names if (record := self.convention.read(name))]
        found = [replace(record, stain=stain.name if (stain := stain_of(record.stain)) else "") for record in found]
        if labels is not None:
            found += _of_header(labels, self.convention, is_stained=any(record.stain for record in found))
        return (together(found) or _CONTRADICTION) if found else None

    def notes(self) -> list[str]:
        """What the user should know of it."""
        return [
            f"{what}, {len(slides)} slide{'s' * (len(slides) > 1)}: {_few(slides)}. {repair}"
            for what, slides, repair in (
                (
                    "The name says another case, part or block, or another stain, than the row or the DICOM header, so "
                    "nothing was taken from it",
                    self.contradictory,
                    "Give case_id, part_id, block_id and stain in the table.",
                ),
                (
                    "Normal tissue by their barcode",
                    self.normal_tissue,
                    "Their case's report is of a tumour: leave them out, or give them a part_id.",
                ),
            )
            if slides
        ]


_CONTRADICTION = SlideName(convention="", case="")


@dataclass(frozen=True, slots=True)
class ReportedCases:
    """The case ids of reports, found again whatever way an accession is spelt."""

    ids: frozenset[str]
    by_accession: Mapping[str, str]
    """Key of an accession -> the report's own spelling; without those that two reports share."""

    @classmethod
    def of(cls, ids: Collection[str]) -> ReportedCases:
        """Of the reports that are known."""
        keys = Counter(key for case_id in ids if (key := accession_key(case_id)))
        spelt = {key: case_id for case_id in ids if keys[key := accession_key(case_id)] == 1}
        return cls(frozenset(ids), spelt)

    def spelling_of(self, case: str, *, instead_of: str) -> str:
        """A case as its report spells it; `instead_of` stays where a report bears it, or where no case is told."""
        if not case or (instead_of in self.ids and case not in self.ids):
            return instead_of
        return case if case in self.ids else self.by_accession.get(accession_key(case), case)


def read_barcodes(table: Path) -> tuple[dict[str, SlideName], list[Problem]]:
    """Barcode (a slide's id, or its file's name without suffix) -> what the table says of it, and the bad rows.

    Raises `BadTable` when it cannot be read or has no column `barcode`.
    """
    known: dict[str, SlideName] = {}
    problems: list[Problem] = []
    for row in read_rows(table, required=("barcode",)):
        cells = row.cells
        barcode = stem(cells["barcode"])
        record = SlideName(
            convention="barcode table", case=cells.get("case_id", ""), patient=cells.get("patient_id", ""),
            part=cells.get("part_id", ""), block=cells.get("block_id", ""), stain=cells.get("stain", ""),
        )  # fmt: skip
        reason = row.malformed
        if not barcode:
            reason = reason or "barcode is empty"
        elif known.setdefault(barcode, record) != record:
            reason = reason or "the barcode stands in an earlier row with other values; the first one is kept"
        if reason:
            problems.append(Problem(source=table.name, line=row.line, item=barcode, reason=reason))
    return known, problems


def _of_header(labels: SpecimenLabels, convention: NameConvention, *, is_stained: bool) -> Iterable[SlideName]:
    """What a DICOM header says; of specimens of several parts only what they share.

    A stain that is not known by its name counts where nothing else tells one (`is_stained`); `curate` then says so.
    """
    container = convention.read(labels.container, labels.barcode)
    specimens = [record for name in labels.specimens if (record := convention.read(name))]
    whole = together(specimens)
    if whole is None and specimens and len({record.case for record in specimens}) == 1:
        whole = SlideName(convention="", case=specimens[0].case)
        container = None  # a glass with tissue of several parts belongs to none of them
    records = [
        replace(record, stain=stain.name if (stain := stain_of(record.stain)) else "")
        for record in (container, whole) if record is not None
    ]  # fmt: skip
    told = _stain_of(labels)
    if stain_of(told) is None and (is_stained or any(record.stain for record in records)):
        told = ""
    told = told or stain_of_lines(labels.label)
    records += [SlideName(convention="", case="", stain=told)] if told else []
    return [replace(record, convention="DICOM specimen") for record in records]


def _stain_of(labels: SpecimenLabels) -> str:
    """What the preparation of all specimens on the glass was stained with; "" where it is not told or not the same."""
    stains = {stain_of_substances(used) for used in labels.substances}
    return stains.pop() if len(stains) == 1 else ""


def _few(names: list[str]) -> str:
    return ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "")
