"""`embed`: slides -> patch embeddings, one file per slide. Killed and run again, it goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Outcome, Problem, Slide
from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder
from pathalign.encoders.encoder import PatchEncoder
from pathalign.errors import MissingArtifact
from pathalign.slides.slide_reading import ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.store.catalog import Catalog
from pathalign.store.int8_rows import STORED_AS
from pathalign.store.workspace import Workspace, set_name
from pathalign.tasks.collection import SlideResult
from pathalign.tasks.embedding_set import EmbeddingSet
from pathalign.tasks.local_engine import run_locally
from pathalign.tasks.shards import Shard, ShardOutcomes, outcomes_path, read_outcomes, written_outcomes

STAGE = "embed"
Engine = Literal["local", "ray"]
_Put = Callable[[str, Outcome, str], None]


@dataclass(kw_only=True)
class Embedding:
    """What `embed` did."""

    name: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    slides_done_before: int = 0
    patches: int = 0
    broken_patches: int = 0
    problems: list[Problem] = field(default_factory=list)
    shard: Shard | None = None

    def as_json(self) -> dict[str, object]:
        """The document of `embed --json`."""
        return {
            "embeddings": self.name,
            "slides": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "slides_done_before": self.slides_done_before,
            "patches": self.patches,
            "broken_patches": self.broken_patches,
            "problems": [problem.as_json() for problem in self.problems],
            "shard": str(self.shard) if self.shard else None,
        }


def embed(
    workspace: Workspace,
    encoder: PatchEncoder,
    *,
    spec: PatchSpec,
    name: str | None = None,
    tissue: TissueConfig | None = None,
    reading: ReadingConfig | None = None,
    engine: Engine = "local",
    shard: Shard | None = None,
    icc: bool = False,
    scaled_decode: bool = False,
    int8_rows: bool = False,
    annotations: Path | None = None,
    classes: Sequence[str] = (),
    redo: bool = False,
    progress: Progress = silent,
) -> Embedding:
    """Embed the tissue patches of every slide of the catalog that has pixels.

    A slide whose file is there, made from the same slide with the same parameters, is left as it is. A slide that
    cannot be read is recorded with its reason and the run goes on. `icc` turns colours into sRGB by each slide's own
    profile; `scaled_decode` lets the JPEG decoder halve; with `int8_rows` embeddings are stored as such, in half the
    bytes. `annotations` is a folder of <slide_id>.geojson whose regions (of some `classes`) patches must lie within.
    The set is called `name`, or after encoder and resolution. `redo` embeds all slides again. A `shard` embeds its
    slides only and leaves catalog and manifest alone. Raises `StaleArtifact` when the set of that name was made by
    another encoder or with other parameters.
    """
    tissue, reading = tissue or TissueConfig(), reading or ReadingConfig()
    name = name or set_name(encoder.card.name, patch_mpp=spec.patch_mpp, patch_px=spec.patch_px)
    config = {
        "encoder": encoder.card.as_json(), "patch_px": spec.patch_px, "patch_mpp": spec.patch_mpp,
        "overlap_px": spec.overlap_px, "min_tissue": spec.min_tissue, "max_patches": spec.max_patches,
        "seed": spec.seed, "icc": icc, "scaled_decode": scaled_decode, "tissue": tissue.as_json(),
        "annotations": annotations is not None, "classes": sorted(classes),
        **({"stored_as": STORED_AS} if int8_rows else {}),
        **(encoder.identity if isinstance(encoder, AcceleratedEncoder) else {}),
    }  # fmt: skip
    embeddings = EmbeddingSet(workspace.embeddings_folder(name), config=config, licence=encoder.card.licence)
    done = Embedding(name=name, shard=shard)
    with _ledger(workspace, embeddings.folder, shard) as (slides, put):
        if not redo:
            embeddings.check_same()
        embeddings.clear_leftovers()
        requests = (
            ReadRequest(
                slide_id=slide.slide_id, path=slide.path, given_mpp=slide.mpp, spec=spec, tissue=tissue,
                batch=reading.batch, max_broken=reading.max_broken, icc=icc, scaled_decode=scaled_decode,
                annotations=annotations / f"{slide.slide_id}.geojson" if annotations else None,
                classes=tuple(sorted(classes)),
                made_from=None if redo else embeddings.made_from(slide.slide_id, max_broken=reading.max_broken),
            )
            for slide in slides if slide.path is not None
        )  # fmt: skip
        with progress(f"Embedding slides ({name})", len(slides)) as advance:
            for result in _engine(engine)(requests, encoder, reading, patch_px=spec.patch_px):
                outcome, reason = embeddings.record(result)
                done.outcomes[outcome] += 1
                put(result.request.slide_id, outcome, reason)
                if outcome in (Outcome.REFUSED, Outcome.FAILED, Outcome.TIMED_OUT):
                    done.problems.append(Problem(source=STAGE, line=None, item=result.request.slide_id, reason=reason))
                advance(1)
        if shard is None:
            embeddings.close()
            for path in written_outcomes(embeddings.folder):
                path.unlink()
    done.slides_done_before, done.patches = embeddings.unchanged, embeddings.patches
    done.broken_patches = embeddings.broken_patches
    done.problems.sort(key=lambda problem: problem.item)
    return done


def _engine(name: Engine) -> Callable[..., Iterator[SlideResult]]:
    if name == "local":
        return run_locally
    from pathalign.tasks.ray_engine import run_on_ray

    return run_on_ray


@contextmanager
def _ledger(workspace: Workspace, folder: Path, shard: Shard | None) -> Iterator[tuple[list[Slide], _Put]]:
    """The slides to embed and where their outcomes go: into the catalog, or into the file of a shard."""
    if shard is not None:
        with workspace.lock(f"{STAGE}-{shard.index}-of-{shard.count}"):
            with Catalog(workspace.catalog_path, read_only=True) as catalog:
                slides = shard.of(_with_pixels(catalog))
            outcomes = ShardOutcomes(outcomes_path(folder, shard))
            try:
                yield slides, outcomes.put
            finally:
                outcomes.write()
        return
    with workspace.lock(STAGE), Catalog(workspace.catalog_path) as catalog:
        slides = _with_pixels(catalog)
        known = {slide.slide_id for slide in slides}
        with catalog.transaction():
            for path in written_outcomes(folder):
                for slide_id, outcome, reason in read_outcomes(path):
                    if slide_id in known:
                        catalog.put_outcome(STAGE, slide_id, outcome, reason)

        def put(slide_id: str, outcome: Outcome, reason: str) -> None:
            catalog.put_outcome(STAGE, slide_id, outcome, reason)

        yield slides, put


def _with_pixels(catalog: Catalog) -> list[Slide]:
    slides = [slide for slide in catalog.slides() if slide.path is not None]
    if not slides:
        raise MissingArtifact("The workspace holds no slide to embed. Run `pathalign add slides.csv` first.")
    return slides
