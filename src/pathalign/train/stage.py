"""What every training stage of a workspace does around its steps: lock, processes, restart, display, artifact."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from pathalign.domain.progress import Notable, Progress, silent
from pathalign.domain.records import Problem
from pathalign.store.artifact import MANIFEST, digest, read_manifest
from pathalign.store.workspace import Workspace
from pathalign.train.engine import Objective, Schedule, World, joined, train
from pathalign.train.engine.metrics import Pace, note
from pathalign.train.engine.trackers import tracked

T = TypeVar("T")
SMALL_PRINT = ("lr", "gradient_norm")
"""What a row of metrics says besides how well the run does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedModel:
    """What a training stage did."""

    folder: Path
    slides: int
    steps: int
    up_to_date: bool
    """True when the same model was there already, so that nothing was trained."""
    final: Mapping[str, float]
    """The parts of the loss at the last step; empty when nothing was trained."""
    problems: Sequence[Problem] = ()
    """What could not be read."""
    trained_on: str = "slides"
    """What `slides` counts: slides, or pictures of a folder."""

    def as_json(self) -> dict[str, object]:
        """The document of `train --json`."""
        return {**asdict(self), "folder": str(self.folder), "final": dict(self.final)}

    @classmethod
    def untrained(cls, folder: Path, slides: int) -> TrainedModel:
        """The model was there already."""
        return cls(folder=folder, slides=slides, steps=0, up_to_date=True, final={})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A training stage that this process takes part in."""

    world: World
    folder: Path
    """Of the model that it makes."""
    run: Path
    trackers: Sequence[str] = ()
    progress: Progress = silent
    """Shows nothing in processes other than the leading one."""

    @classmethod
    @contextmanager
    def entered(
        cls, workspace: Workspace, name: str, folder: Path, *, device: str = "auto", trackers: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Iterator[Stage]:  # fmt: skip
        """Join the other processes, if there are any; the leading one holds the stage's lock for all.

        Raises `WorkspaceBusy` in every process.
        """
        with joined(device) as world, ExitStack() as held:
            world.led(lambda: held.enter_context(workspace.lock(name)))
            shown = progress if world.leads else silent
            yield cls(
                world=world, folder=folder, run=workspace.run_folder(name), trackers=trackers, progress=shown
            )  # fmt: skip
            world.wait()  # for the artifact

    def done(self, kind: str, config: Mapping[str, Any], parents: Mapping[str, str], *, restart: bool) -> bool:
        """Whether the artifact is there already; if not, clears the way for a new one."""
        return self.world.led(lambda: self._cleared(kind, config, parents, restart))

    def _cleared(self, kind: str, config: Mapping[str, Any], parents: Mapping[str, str], restart: bool) -> bool:
        if restart:
            shutil.rmtree(self.run, ignore_errors=True)
        wanted = digest({"kind": kind, "config": dict(config), "parents": dict(parents)})
        if (self.folder / MANIFEST).is_file() and not restart:
            manifest = read_manifest(self.folder, kind=kind, repair="Train it again with `--restart`.")
            return bool(manifest["id"] == wanted)
        (self.folder / MANIFEST).unlink(missing_ok=True)
        return False

    def trained(
        self, objective: Objective, schedule: Schedule, what: str, *, identity: Mapping[str, Any], part: str = ""
    ) -> dict[str, float]:
        """Train an objective to its end, shown as `what`; `part` names a folder of its own within the run's.

        Returns the parts of the loss at the last step. The weights are on the CPU then.
        """
        run = self.run / part
        run.mkdir(parents=True, exist_ok=True)
        objective.module.to(self.world.device)
        last: dict[str, float] = {}
        with ExitStack() as opened:
            advance = opened.enter_context(self.progress(what, schedule.steps))
            trackers = self.trackers if self.world.leads else ()
            track = opened.enter_context(tracked(trackers, run, {"schedule": schedule.as_json(), **identity}))
            pace, at = Pace(objective, schedule.batch), 0
            shown: object = advance

            def on_step(step: int, row: dict[str, float]) -> None:
                nonlocal at
                timed = pace.step()
                advance(step - at)
                at = step
                if isinstance(shown, Notable):
                    shown.note(note(row, timed))
                track(step, row | timed)
                last.clear()
                last.update({name: value for name, value in row.items() if name not in SMALL_PRINT})

            train(objective, schedule, run, identity=identity, on_step=on_step, world=self.world)
        objective.module.cpu()
        return last

    def written(self, write: Callable[[], T]) -> T:
        """Let the leading process write the artifact. Until `write` has ended none passes for complete."""

        def writing() -> T:
            (self.folder / MANIFEST).unlink(missing_ok=True)
            return write()

        return self.world.led(writing)
