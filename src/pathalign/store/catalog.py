"""The catalog: slides, reports, parts, texts and outcomes, in one SQLite file.

Everything that is queried, updated and erased row by row lives here. WAL mode and transactions make it safe to kill.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathalign.domain.provenance import Provenance, TextSource
from pathalign.domain.records import Correction, Outcome, Slide, SlideText, Split
from pathalign.errors import BadWorkspace, UnknownName, WorkspaceBusy
from pathalign.store.artifact import digest
from pathalign.store.provenance import packed, unpacked

CATALOG_SCHEMA = 1
_BATCH = 64
"""Reports in memory at a time."""

_TABLES = """
CREATE TABLE IF NOT EXISTS slides (
    slide_id TEXT PRIMARY KEY, path TEXT, patient_id TEXT NOT NULL, case_id TEXT NOT NULL, part_id TEXT NOT NULL,
    block_id TEXT NOT NULL, stain TEXT NOT NULL, mpp REAL, split TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS slides_by_case ON slides (case_id);
CREATE INDEX IF NOT EXISTS slides_by_patient ON slides (patient_id);
CREATE TABLE IF NOT EXISTS reports (case_id TEXT PRIMARY KEY, report TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS parts (
    case_id TEXT NOT NULL, part TEXT NOT NULL, header TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (case_id, part)
) STRICT;
CREATE TABLE IF NOT EXISTS texts (
    slide_id TEXT PRIMARY KEY REFERENCES slides (slide_id) ON DELETE CASCADE, part TEXT NOT NULL,
    retrieval_text TEXT NOT NULL, generation_text TEXT NOT NULL, retrieval_key TEXT NOT NULL,
    concept_key TEXT NOT NULL, malignant INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS provenance (
    slide_id TEXT PRIMARY KEY REFERENCES texts (slide_id) ON DELETE CASCADE, source TEXT NOT NULL,
    retrieval TEXT NOT NULL, generation TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE IF NOT EXISTS texts_search USING fts5 (slide_id UNINDEXED, retrieval_text);
CREATE TABLE IF NOT EXISTS corrections (
    slide_id TEXT PRIMARY KEY REFERENCES slides (slide_id) ON DELETE CASCADE, part TEXT NOT NULL,
    retrieval_text TEXT NOT NULL, generation_text TEXT NOT NULL, report_digest TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outcomes (
    stage TEXT NOT NULL, slide_id TEXT NOT NULL REFERENCES slides (slide_id) ON DELETE CASCADE,
    outcome TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (stage, slide_id)
) STRICT;
"""

_TEXT_COLUMNS = """
    t.slide_id, s.case_id, s.patient_id, t.part, t.retrieval_text, t.generation_text, t.retrieval_key, t.concept_key,
    t.malignant, s.split, p.source FROM texts t JOIN slides s USING (slide_id) LEFT JOIN provenance p USING (slide_id)
"""
_NO_PROVENANCE = "CREATE TEMP VIEW provenance AS SELECT NULL slide_id, NULL source, NULL retrieval, NULL generation"
"""For a catalog of before that is only read; the view has one row, which is of no slide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewedText:
    """A slide as a person reviews it; None for what it lacks."""

    slide_id: str
    part: str
    retrieval_text: str | None
    generation_text: str | None
    report: str | None
    corrected: str | None
    """The digest of the report that a correction was made for."""
    source: str | None
    """A value of `TextSource`; None also where it was not recorded."""


class Catalog:
    """One connection to the catalog of a workspace; use it as a context manager."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open it, and make it where it is missing.

        `read_only` takes no lock and writes nothing, which is all that a shared file system allows when many machines
        read; it raises `WorkspaceBusy` while another process changes the catalog.
        """
        self._db = _read_only(path) if read_only else sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        if not read_only:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA foreign_keys = ON")
        schema = self._db.execute("PRAGMA user_version").fetchone()[0]
        if schema not in (0, CATALOG_SCHEMA):
            self._db.close()
            raise BadWorkspace(
                f"{path.name} has schema {schema}; this version reads schema {CATALOG_SCHEMA}. "
                "Install the version of PathAlign that made it."
            )
        if not read_only:
            self._db.executescript(_TABLES)
        elif not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'provenance'").fetchone():
            self._db.execute(_NO_PROVENANCE)
        if schema == 0 and not read_only:
            self._db.execute(f"PRAGMA user_version = {CATALOG_SCHEMA}")

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Slides and reports

    def put_slide(self, slide: Slide) -> bool:
        """Register a slide or update it; True when it is new. A change of case, part or stain drops its stale text."""
        old = self._db.execute("SELECT * FROM slides WHERE slide_id = ?", [slide.slide_id]).fetchone()
        values = [
            slide.slide_id, str(slide.path) if slide.path else None, slide.patient_id, slide.case_id, slide.part_id,
            slide.block_id, slide.stain, slide.mpp, slide.split.value,
        ]  # fmt: skip
        self._db.execute(
            "INSERT INTO slides VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (slide_id) DO UPDATE SET "
            "path = excluded.path, patient_id = excluded.patient_id, case_id = excluded.case_id, "
            "part_id = excluded.part_id, block_id = excluded.block_id, stain = excluded.stain, "
            "mpp = excluded.mpp, split = excluded.split",
            values,
        )
        told_by = (slide.case_id, slide.part_id, slide.stain)
        if old is not None and (old["case_id"], old["part_id"], old["stain"]) != told_by:
            self._db.execute("DELETE FROM texts WHERE slide_id = ?", [slide.slide_id])
            self._db.execute("DELETE FROM texts_search WHERE slide_id = ?", [slide.slide_id])
        return old is None

    def slides(self, *, split: Split | None = None) -> list[Slide]:
        """All slides, or those of one split, by id."""
        where, values = ("WHERE split = ?", [split.value]) if split else ("", [])
        return [_slide(row) for row in self._db.execute(f"SELECT * FROM slides {where} ORDER BY slide_id", values)]  # noqa: S608  fixed text

    def slide(self, slide_id: str) -> Slide:
        """One slide; raises `UnknownName`."""
        row = self._db.execute("SELECT * FROM slides WHERE slide_id = ?", [slide_id]).fetchone()
        if row is None:
            raise UnknownName(f"The catalog has no slide {slide_id!r}. `pathalign status --slides` lists them.")
        return _slide(row)

    def slides_of(self, slide_or_case_id: str) -> list[Slide]:
        """The slide of that id, or else all slides of the case of that id; raises `UnknownName`."""
        rows = self._db.execute(
            "SELECT * FROM slides WHERE slide_id = ?1 OR (case_id = ?1 AND NOT EXISTS "
            "(SELECT 1 FROM slides WHERE slide_id = ?1)) ORDER BY slide_id",
            [slide_or_case_id],
        ).fetchall()
        if not rows:
            raise UnknownName(
                f"The catalog has neither a slide nor a case {slide_or_case_id!r}. "
                "`pathalign status --slides` lists them."
            )
        return [_slide(row) for row in rows]

    def slides_of_case(self, case_id: str) -> list[Slide]:
        """The slides of a case, by id; none when it has none."""
        return [
            _slide(row)
            for row in self._db.execute("SELECT * FROM slides WHERE case_id = ? ORDER BY slide_id", [case_id])
        ]

    def put_report(self, case_id: str, report: str) -> bool:
        """Register or update the report of a case; True when it is new or changed.

        The places that texts of the old one have in it are forgotten.
        """
        old = self._db.execute("SELECT report FROM reports WHERE case_id = ?", [case_id]).fetchone()
        if old is not None and old["report"] == report:
            return False
        self._db.execute("INSERT OR REPLACE INTO reports VALUES (?, ?)", [case_id, report])
        if old is not None:
            of_case = "slide_id IN (SELECT slide_id FROM slides WHERE case_id = ?)"
            self._db.execute(f"UPDATE provenance SET retrieval = '', generation = '' WHERE {of_case}", [case_id])  # noqa: S608  fixed text
        return True

    def reports(self) -> Iterator[tuple[str, str]]:
        """(case, report), by case; a few at a time, so that other tables may be written meanwhile."""
        query = "SELECT case_id, report FROM reports WHERE case_id > ? ORDER BY case_id LIMIT ?"
        last = ""  # no case has an empty id
        while rows := self._db.execute(query, [last, _BATCH]).fetchall():
            for row in rows:
                yield row["case_id"], row["report"]
            last = rows[-1]["case_id"]

    # Curation

    def put_parts(self, case_id: str, parts: Iterable[tuple[str, str, int, int]]) -> None:
        """Replace the parts (label, header, start, stop) of a case."""
        self._db.execute("DELETE FROM parts WHERE case_id = ?", [case_id])
        self._db.executemany(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)", [(case_id, *part) for part in parts]
        )

    def clear_texts(self) -> None:
        """Forget all curated texts; curation writes them anew within the same transaction."""
        for table in ("provenance", "texts", "texts_search", "parts"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  fixed names

    def put_text(self, text: SlideText, provenance: Provenance | None = None) -> None:
        """Store the two views of one slide's text, and where their sentences come from."""
        # The search table finds a slide by walking through all of it, so that is done only where there is one to find.
        if self._db.execute("SELECT 1 FROM texts WHERE slide_id = ?", [text.slide_id]).fetchone():
            self._db.execute("DELETE FROM texts_search WHERE slide_id = ?", [text.slide_id])
        self._db.execute(
            "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                text.slide_id,
                text.part,
                text.retrieval_text,
                text.generation_text,
                text.retrieval_key,
                text.concept_key,
                None if text.malignant is None else int(text.malignant),
            ],
        )
        self._db.execute("INSERT INTO texts_search VALUES (?, ?)", [text.slide_id, text.retrieval_text])
        if provenance is not None:
            places = (packed(provenance.retrieval, text.source), packed(provenance.generation, text.source))
            self._db.execute(
                "INSERT OR REPLACE INTO provenance VALUES (?, ?, ?, ?)", [text.slide_id, text.source.value, *places]
            )

    def provenance(self, slide_id: str) -> Provenance | None:
        """Where the sentences of a slide's texts stand in the report as registered.

        None where it is not known: the slide has no text, an older version curated it, or its report changed since.
        """
        row = self._db.execute("SELECT * FROM provenance WHERE slide_id = ?", [slide_id]).fetchone()
        return _provenance(row) if row else None

    def texts_with_provenance(self) -> Iterator[tuple[SlideText, Provenance | None]]:
        """The texts of all slides with what `provenance` says, by slide and one at a time."""
        rows = self._db.execute(f"SELECT p.retrieval, p.generation, {_TEXT_COLUMNS} ORDER BY t.slide_id")
        return ((_text(row), _provenance(row)) for row in rows)

    def distinct_texts(self) -> dict[str, int]:
        """How many texts differ: `retrieval`, and `concept` for those that differ in what a slide shows."""
        query = "SELECT count(DISTINCT retrieval_key), count(DISTINCT concept_key) FROM texts"
        retrieval, concept = self._db.execute(query).fetchone()
        return {"retrieval": retrieval, "concept": concept}

    def most_repeated(self, count: int) -> list[int]:
        """How many slides have the most frequent statement of what they show, the next, and so on."""
        query = "SELECT count(*) FROM texts GROUP BY concept_key ORDER BY 1 DESC LIMIT ?"
        return [row[0] for row in self._db.execute(query, [count])]

    def texts(self, *, split: Split | None = None) -> list[SlideText]:
        """The curated texts of all slides, or of one split, by slide."""
        where, values = ("WHERE s.split = ?", [split.value]) if split else ("", [])
        rows = self._db.execute(f"SELECT {_TEXT_COLUMNS} {where} ORDER BY t.slide_id", values)
        return [_text(row) for row in rows]

    def texts_digest(self, split: Split) -> str:
        """A hash of the texts of a split: what a model trained on them has as parent."""
        return digest([[t.slide_id, t.retrieval_text, t.generation_text] for t in self.texts(split=split)])

    # Corrections

    def put_correction(self, correction: Correction) -> None:
        """Store what a person wrote of a slide; it stays until it is dropped, whatever is curated meanwhile."""
        values = [getattr(correction, name) for name in Correction.__slots__]
        self._db.execute("INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?)", values)

    def drop_correction(self, slide_id: str) -> bool:
        """Forget a correction; True when there was one."""
        return self._db.execute("DELETE FROM corrections WHERE slide_id = ?", [slide_id]).rowcount > 0

    def corrections_of_case(self, case_id: str) -> dict[str, Correction]:
        """The corrections of a case's slides, by slide."""
        rows = self._db.execute(
            "SELECT c.* FROM corrections c JOIN slides s USING (slide_id) WHERE s.case_id = ?", [case_id]
        )
        return {row["slide_id"]: Correction(**row) for row in rows}

    def corrected_without_report(self) -> list[tuple[Slide, Correction]]:
        """Corrections of slides whose case has no report, by slide."""
        rows = self._db.execute(
            "SELECT s.*, c.* FROM corrections c JOIN slides s USING (slide_id) LEFT JOIN reports r USING (case_id) "
            "WHERE r.case_id IS NULL ORDER BY slide_id"
        ).fetchall()
        return [(_slide(row), Correction(**{name: row[name] for name in Correction.__slots__})) for row in rows]

    def reviewed(self, slide_id: str | None = None) -> Iterator[ReviewedText]:
        """Slides with their text, correction and report, by slide and one at a time; all, or the one of that id."""
        where, values = ("", []) if slide_id is None else ("WHERE s.slide_id = ?", [slide_id])
        rows = self._db.execute(
            "SELECT s.slide_id, coalesce(t.part, s.part_id) AS part, t.retrieval_text, t.generation_text, r.report, "  # noqa: S608
            "c.report_digest AS corrected, p.source FROM slides s LEFT JOIN texts t USING (slide_id) "
            "LEFT JOIN provenance p USING (slide_id) LEFT JOIN corrections c USING (slide_id) "
            f"LEFT JOIN reports r USING (case_id) {where} ORDER BY s.slide_id",
            values,
        )
        return (ReviewedText(**row) for row in rows)

    # Outcomes and counts

    def put_outcome(self, stage: str, slide_id: str, outcome: Outcome, reason: str = "") -> None:
        """Record what became of a slide in a stage."""
        self._db.execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)", [stage, slide_id, outcome.value, reason]
        )

    def outcomes(self, stage: str) -> dict[str, tuple[Outcome, str]]:
        """Slide -> (outcome, reason) of a stage."""
        rows = self._db.execute("SELECT * FROM outcomes WHERE stage = ? ORDER BY slide_id", [stage])
        return {row["slide_id"]: (Outcome(row["outcome"]), row["reason"]) for row in rows}

    def counts(self) -> dict[str, int]:
        """How many of everything."""
        return {
            "patients": self._count("SELECT count(DISTINCT patient_id) FROM slides"),
            "cases": self._count("SELECT count(DISTINCT case_id) FROM slides"),
            "slides": self._count("SELECT count(*) FROM slides"),
            "reports": self._count("SELECT count(*) FROM reports"),
            "parts": self._count("SELECT count(*) FROM parts"),
            "texts": self._count("SELECT count(*) FROM texts"),
        }

    def case_ids(self) -> set[str]:
        """Cases that have a slide."""
        return {row[0] for row in self._db.execute("SELECT DISTINCT case_id FROM slides")}

    def reported_case_ids(self) -> set[str]:
        """Cases that have a report."""
        return {row[0] for row in self._db.execute("SELECT case_id FROM reports")}

    def _count(self, query: str, values: Sequence[Any] = ()) -> int:
        return int(self._db.execute(query, values).fetchone()[0])


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that believes that nobody writes, which is checked before."""
    log = path.with_name(f"{path.name}-wal")
    if not path.is_file():
        raise BadWorkspace(f"There is no {path.name} yet. Run `pathalign add slides.csv` first.")
    if log.is_file() and log.stat().st_size:
        raise WorkspaceBusy(
            f"{path.name} is being changed, or a process that changed it was killed. Wait until it has ended, run "
            "`pathalign status` once on the machine that changes it, then start the shards."
        )
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def _slide(row: sqlite3.Row) -> Slide:
    return Slide(
        slide_id=row["slide_id"], path=Path(row["path"]) if row["path"] else None, patient_id=row["patient_id"],
        case_id=row["case_id"], part_id=row["part_id"], block_id=row["block_id"], stain=row["stain"],
        mpp=row["mpp"], split=Split(row["split"]),
    )  # fmt: skip


def _text(row: sqlite3.Row) -> SlideText:
    malignant = None if row["malignant"] is None else bool(row["malignant"])
    source = TextSource(row["source"] or TextSource.UNKNOWN)
    plain = {name: row[name] for name in SlideText.__slots__}
    return SlideText(**{**plain, "malignant": malignant, "split": Split(row["split"]), "source": source})


def _provenance(row: sqlite3.Row) -> Provenance | None:
    if not row["retrieval"]:
        return None
    source = TextSource(row["source"])
    return Provenance(retrieval=unpacked(row["retrieval"], source), generation=unpacked(row["generation"], source))
