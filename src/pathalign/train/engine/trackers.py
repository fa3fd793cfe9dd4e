"""Where a run's metrics go besides metrics.jsonl: TensorBoard, Weights & Biases. Neither is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pathalign.errors import MissingExtra, UnknownName
from pathalign.store.artifact import write_text

Track = Callable[[int, Mapping[str, float]], None]
"""Called with the step and its metrics."""


@contextmanager
def tracked(names: Sequence[str], run: Path, config: Mapping[str, Any]) -> Iterator[Track]:
    """Send metrics to the trackers of these names for as long as the block lasts.

    Raises `UnknownName` for a name that is none, `MissingExtra` where its package is not installed.
    """
    if unknown := [name for name in names if name not in TRACKERS]:
        raise UnknownName(f"There is no tracker {unknown[0]!r}; choose from {', '.join(TRACKERS)}.")
    with ExitStack() as opened:
        trackers = [opened.enter_context(TRACKERS[name](run, config)) for name in names]

        def track(step: int, metrics: Mapping[str, float]) -> None:
            for tracker in trackers:
                tracker(step, metrics)

        yield track


@contextmanager
def _tensorboard(run: Path, config: Mapping[str, Any]) -> Iterator[Track]:  # noqa: ARG001  manifests hold it
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise _missing("tensorboard", "TensorBoard", error) from error
    writer = SummaryWriter(str(run / "tensorboard"))

    def track(step: int, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)

    try:
        yield track
    finally:
        writer.close()


@contextmanager
def _wandb(run: Path, config: Mapping[str, Any]) -> Iterator[Track]:
    try:
        import wandb
    except ImportError as error:
        raise _missing("wandb", "Weights & Biases", error) from error
    # Under a name that follows from the run, so that a run that goes on continues its own curve.
    session = wandb.init(
        project="pathalign", dir=str(run), name=run.name, id=_wandb_id(run), resume="allow", config=dict(config)
    )
    try:
        yield lambda step, metrics: session.log(dict(metrics), step=step)
    finally:
        session.finish()


def _wandb_id(run: Path) -> str:
    """An id kept in the run's folder: another workspace's run of equal name is another run."""
    kept = run / "wandb-id"
    if not kept.is_file():
        import uuid

        write_text(kept, uuid.uuid4().hex[:12] + "\n")
    return kept.read_text(encoding="utf-8").strip()


def _missing(extra: str, name: str, error: ImportError) -> MissingExtra:
    return MissingExtra(
        f"The tracker {extra} needs {name}, which is not installed ({error}). "
        f"Install it with `pip install 'pathalign[{extra}]'`, or leave `--tracker` out: metrics.jsonl has all."
    )


TRACKERS = {"tensorboard": _tensorboard, "wandb": _wandb}
