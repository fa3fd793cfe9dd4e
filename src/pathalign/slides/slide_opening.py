"""What a reading process does beside reading patches: it opens a slide, or surveys its tissue.

A file that hangs or kills its reader costs itself and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathalign.errors import PathAlignError
from pathalign.slides.content import Content, look_at
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.slide_reading import Ended, Event, Finished, ReadRequest, Unchanged, ended_by, read_slide
from pathalign.slides.sources.dicom_specimen import SpecimenLabels, specimen_labels
from pathalign.slides.tissue.survey import Surveyed, SurveyRequest, survey_slide


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRequest:
    """Open a slide and look at its resolution."""

    slide_id: str
    path: Path
    given_mpp: float | None

    @property
    def name(self) -> str:
        """The file's own name, for messages."""
        return self.path.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """It opens, and has a resolution."""

    mpp: float
    """Level-0 micrometres per pixel that count."""
    disagrees_with: str
    """What the file says otherwise; empty where it agrees."""
    specimen: SpecimenLabels | None = None
    """Of DICOM: the container and specimens that it names."""


Request = ReadRequest | OpenRequest | SurveyRequest
Last = Opened | Surveyed | Unchanged | Finished | Ended
"""After one of these nothing more is said of a slide."""


def events_of(request: Request) -> Iterator[Event | Opened | Surveyed]:
    """What is asked for, done in this process."""
    match request:
        case ReadRequest():
            return read_slide(request)
        case OpenRequest():
            return _one_event(lambda: _open_slide(request), request)
        case SurveyRequest():
            return _one_event(lambda: survey_slide(request), request)


def _open_slide(request: OpenRequest) -> Opened:
    with SlideReader(request.path, given_mpp=request.given_mpp) as slide:
        is_dicom = look_at(request.path) in (Content.DICOM, Content.DICOM_FOLDER)
        return Opened(
            mpp=slide.mpp, disagrees_with=slide.resolution.disagrees_with,
            specimen=specimen_labels(request.path) if is_dicom else None,
        )  # fmt: skip


def _one_event(
    answer: Callable[[], Opened | Surveyed | Unchanged], request: OpenRequest | SurveyRequest
) -> Iterator[Opened | Surveyed | Unchanged | Ended]:
    """The answer, or why there is none."""
    try:
        yield answer()
    except (PathAlignError, OSError, MemoryError) as error:
        yield ended_by(error, request.name)
