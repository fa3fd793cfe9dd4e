"""Where the sentences of slides' texts come from, for a person or another program to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pathalign.domain.provenance import SentencePlace
from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.private_table import write_table

COLUMNS = ("slide_id", "case_id", "view", "sentence", "text", "source", "report_start", "report_end")
"""`view` is `retrieval` or `generation`, `sentence` its number from one; the report is the one that was registered."""


def sentence_json(text: str, place: SentencePlace) -> dict[str, object]:
    """One sentence of a text in a JSON document; `report` is null where a person wrote it."""
    report = None if place.report_start is None else [place.report_start, place.report_end]
    return {"text": text[place.start : place.end], "source": place.source.value, "report": report}


def export_provenance(workspace: Workspace, path: Path) -> int:
    """Write a row for every sentence of both texts of all slides; how many there are.

    Raises `MissingArtifact` where a text has no provenance: it was curated by an older version, or its report was
    replaced since.
    """
    with Catalog(workspace.catalog_path) as catalog:
        return write_table(path, COLUMNS, _rows(catalog))


def _rows(catalog: Catalog) -> Iterator[tuple[object, ...]]:
    for text, told in catalog.texts_with_provenance():
        if told is None:
            raise MissingArtifact(
                f"It is not recorded where the text of slide {text.slide_id} stands in its report: an older version "
                "curated it, or the report was replaced since. Run `pathalign curate` again."
            )
        for view, said, places in (
            ("retrieval", text.retrieval_text, told.retrieval), ("generation", text.generation_text, told.generation)
        ):  # fmt: skip
            for number, place in enumerate(places, start=1):
                yield (
                    text.slide_id, text.case_id, view, number, said[place.start : place.end], place.source.value,
                    place.report_start, place.report_end,
                )  # fmt: skip
