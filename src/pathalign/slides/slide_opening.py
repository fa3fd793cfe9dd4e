"""Whether a slide opens, asked like a reading: a file that hangs or kills its reader costs itself and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathalign.domain.records import Outcome
from pathalign.errors import PathAlignError
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.slide_reading import Ended, Event, ReadRequest, read_slide


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


Request = ReadRequest | OpenRequest


def events_of(request: Request) -> Iterator[Event | Opened]:
    """What is asked for, done in this process."""
    return _open_slide(request) if isinstance(request, OpenRequest) else read_slide(request)


def _open_slide(request: OpenRequest) -> Iterator[Opened | Ended]:
    try:
        with SlideReader(request.path, given_mpp=request.given_mpp):
            pass
    except MemoryError:
        yield Ended(
            outcome=Outcome.FAILED, reason=f"{request.name} claims more memory than a reading process may have."
        )
    except PathAlignError as error:
        yield Ended(outcome=Outcome.REFUSED, reason=str(error))
    except OSError as error:
        yield Ended(outcome=Outcome.FAILED, reason=f"{request.name}: {error.strerror or error}")
    else:
        yield Opened()
