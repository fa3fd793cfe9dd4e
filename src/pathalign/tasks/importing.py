"""`import-embeddings`: what TRIDENT, CLAM, STAMP, AtlasPatch or LazySlide wrote -> a set that `train` reads."""

from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Outcome, Problem, Slide
from pathalign.errors import BadEmbeddings, MissingArtifact, NeedsRepair, StaleArtifact
from pathalign.slides.slide_reader import SlideReader
from pathalign.store.artifact import digest_file
from pathalign.store.catalog import Catalog
from pathalign.store.foreign.files import ForeignFile, foreign_files, strangers
from pathalign.store.foreign.foreign_bag import PX0, ForeignBag
from pathalign.store.foreign.hdf5_layouts import embedding_length, read_grid, read_hdf5
from pathalign.store.foreign.lazyslide_store import read_lazyslide
from pathalign.store.foreign.placing import Given, placed
from pathalign.store.workspace import Workspace
from pathalign.tasks.imported_set import ImportedSet

STAGE = "import-embeddings"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRequest:
    """What the user says of the files, beside where they are."""

    encoder: str | None = None
    """Name of the encoder; needed where the files do not say it (CLAM)."""
    licence: str = ""
    """The encoder's licence, which everything made of its embeddings inherits."""
    name: str | None = None
    """Folder of the set; otherwise made of encoder, resolution and side, as `embed` does."""
    patches: Path | None = None
    """Folder of the grids, where they are not beside the embeddings."""
    given: Given = field(default_factory=Given)


@dataclass(kw_only=True)
class Imported:
    """What `import-embeddings` did."""

    name: str = ""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    slides_done_before: int = 0
    slides_without_file: list[str] = field(default_factory=list)
    files_without_slide: list[str] = field(default_factory=list)
    patches: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The document of `import-embeddings --json`."""
        return {
            "embeddings": self.name,
            "slides": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "layouts": dict(sorted(self.layouts.items())),
            "slides_done_before": self.slides_done_before,
            "slides_without_file": self.slides_without_file,
            "files_without_slide": self.files_without_slide,
            "patches": self.patches,
            "problems": [problem.as_json() for problem in self.problems],
        }


def import_embeddings(
    workspace: Workspace, folder: Path, request: ImportRequest | None = None, *, progress: Progress = silent
) -> Imported:  # fmt: skip
    """Bring in the embeddings of every slide of the catalog that has a file in `folder`.

    A file that cannot be used is recorded with its reason and the rest goes on; one that is there already, from the
    same bytes, is left as it is. Values are kept exactly (see `placing.kept`). Raises `BadEmbeddings` when no file
    belongs to a slide, and `StaleArtifact` when the set of that name was made of other embeddings.
    """
    if not folder.is_dir():
        raise BadEmbeddings(f"{folder} is no folder. Name the one that holds a file per slide, SLIDE_ID.h5.")
    request = request or ImportRequest()
    with workspace.lock(STAGE), Catalog(workspace.catalog_path) as catalog:
        slides = catalog.slides()
        files = foreign_files(folder, [s.slide_id for s in slides], patches=request.patches, encoder=request.encoder)
        done = Imported(
            slides_without_file=[slide.slide_id for slide in slides if slide.slide_id not in files],
            files_without_slide=strangers(folder, files),
        )
        if not slides:
            raise MissingArtifact("The workspace holds no slide yet. Run `pathalign add slides.csv` first.")
        if not files:
            raise BadEmbeddings(
                f"No file in {folder.name} is named after one of the {len(slides)} slides; expected SLIDE_ID.h5, as in "
                f"{slides[0].slide_id}.h5. It holds {len(done.files_without_slide)} files of other names."
            )
        target = ImportedSet(
            workspace, encoder=request.encoder, licence=request.licence, name=request.name,
            dim=_usual_length(files, request.encoder), int8=request.given.int8,
        )  # fmt: skip
        with progress("Importing embeddings", len(files)) as advance:
            for slide in slides:
                if slide.slide_id in files:
                    outcome, reason = _import_slide(slide, files[slide.slide_id], request, target, done)
                    done.outcomes[outcome] += 1
                    catalog.put_outcome(STAGE, slide.slide_id, outcome, reason)
                    if reason and outcome is not Outcome.EMPTY:
                        done.problems.append(Problem(source=STAGE, line=None, item=slide.slide_id, reason=reason))
                    advance(1)
        target.close()
        done.name = target.folder.name if target.folder else ""
    return done


def _usual_length(files: dict[str, ForeignFile], encoder: str | None) -> int | None:
    """The length that most HDF5 files have; the first of two that are equally common."""
    lengths = Counter(
        length for file in files.values()
        if file.path.suffix == ".h5" and (length := embedding_length(file.path, encoder=encoder))
    )  # fmt: skip
    return lengths.most_common(1)[0][0] if lengths else None


def _import_slide(
    slide: Slide, file: ForeignFile, request: ImportRequest, target: ImportedSet, done: Imported
) -> tuple[Outcome, str]:
    name = file.path.name
    try:
        source = {
            "file": name, "digest": _digest(file), "given_mpp": slide.mpp, "given": request.given.as_json(),
        }  # fmt: skip
        count = target.patches_from(slide.slide_id, source)
        if count is None:
            bag = read_foreign(file, encoder=request.encoder)
            done.layouts[bag.layout] += 1
            mpp = slide.mpp
            if mpp is None and bag.slide_mpp is None and slide.path is not None:
                with SlideReader(slide.path) as reader:
                    mpp = reader.mpp
                    check_within(name, bag, reader.size_px0)
            target.put(slide.slide_id, name, bag, placed(name, bag, slide_mpp=mpp, given=request.given), source)
            count = len(bag)
        else:
            done.slides_done_before += 1
    except StaleArtifact:
        raise  # of the set, not of the slide
    except NeedsRepair as error:
        return Outcome.REFUSED, str(error)
    except OSError as error:
        return Outcome.FAILED, f"{name} cannot be read ({error.strerror or error})"
    done.patches += count
    return (Outcome.OK, "") if count else (Outcome.EMPTY, "no patches in the file")


def read_foreign(file: ForeignFile, *, encoder: str | None = None) -> ForeignBag:
    """Read a file of any known layout; raises `BadEmbeddings` with the reason, `MissingExtra` for LazySlide's."""
    if file.path.suffix == ".zarr":
        return read_lazyslide(file.path, encoder=encoder)
    if file.path.suffix == ".pt":
        embeddings = _read_tensor(file.path)
        if file.positions is None:
            raise BadEmbeddings(
                f"{file.path.name} is a tensor without positions, and no grid of that slide is in patches/. "
                "Name the folder of the grids with `--patches DIR`."
            )
        return read_grid(file.positions, embeddings, name=file.path.name)
    return read_hdf5(file.path, positions=file.positions, encoder=encoder)


def check_within(name: str, bag: ForeignBag, size_px0: tuple[int, int]) -> None:
    """Refuse positions in pixels that lie outside their slide: another frame, or another slide."""
    if bag.unit == PX0 and len(bag):
        x, y = (float(side) for side in bag.coords.max(0))
        if x >= size_px0[0] or y >= size_px0[1]:
            raise BadEmbeddings(
                f"{name} ({bag.layout}) has a patch at ({x:.0f}, {y:.0f}), its slide ends at {size_px0}. The positions "
                "are not in level-0 pixels, or they are of another slide."
            )


def _read_tensor(path: Path) -> np.ndarray:
    """The tensor of a .pt file; nothing in it is executed (`weights_only`)."""
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise BadEmbeddings(f"{path.name} is damaged, or holds more than a tensor ({type(error).__name__}).") from error
    if not isinstance(held, torch.Tensor):
        raise BadEmbeddings(f"{path.name} holds a {type(held).__name__}; expected the tensor that CLAM saves.")
    return (held.float() if held.dtype == torch.bfloat16 else held).numpy()  # numpy knows no bfloat16; float32 is exact


def _digest(file: ForeignFile) -> str:
    """Of every byte that the slide is made from."""
    paths = sorted(p for p in file.path.rglob("*") if p.is_file()) if file.path.is_dir() else [file.path]
    hasher = hashlib.sha256()
    for path in [*paths, *([file.positions] if file.positions else [])]:
        hasher.update(f"{path.name} {digest_file(path)}\n".encode())
    return hasher.hexdigest()[:16]
