"""What the processes of a distributed test do; run by itself it starts two, which leave their findings in a folder."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pathalign.errors import NotFinite, TrainingStopped
from pathalign.train.engine import ALONE, Objective, Schedule, StepRandom, World, batch_at, joined, train

SCHEDULE = Schedule(
    steps=9, batch=7, peak_lr=1e-2, warmup_steps=2, checkpoint_every=4, average=0.9, clip_norm=0.5, seed=3
)  # fmt: skip
ITEMS = 17


class Pairs:
    """A loss over items, one over all pairs of the batch, and a weight that no loss uses; noise keyed by item."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.module = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 6)).double()
        self.module.register_module("unused", nn.Linear(2, 2).double())
        self.centre = torch.zeros(6, dtype=torch.double)

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """Shares of a mean over values of which items have different numbers, and of a contrast of the batch."""
        chosen = batch_at(step, items=ITEMS, batch=SCHEDULE.batch, seed=SCHEDULE.seed)
        own = world.share([int(i) for i in chosen])
        found = self.module[:3](random.normal(own, 5).double() + torch.tensor(own).double()[:, None] / ITEMS)
        values = torch.cat([row[: 1 + i % 3] for row, i in zip(found, own, strict=True)])
        rows = functional.normalize(world.gather(found), dim=1)
        contrast = functional.cross_entropy(rows @ rows.T / 0.2, torch.arange(len(rows)))
        return {"values": world.mean((values - 1) ** 2), "contrast": world.once(contrast)}

    def after_step(self, step: int) -> None:
        """A follower outside of the module."""
        self.centre.lerp_(self.module[2].bias.detach(), 0.1)

    def state(self) -> Mapping[str, Tensor]:
        """It goes into checkpoints."""
        return {"centre": self.centre}


class Disturbed(Pairs):
    """One process meets a signal, or a number that is none, in the share of one step."""

    def __init__(self, *, signal_at: int = -1, nan_at: int = -1, unlucky: int = 1) -> None:
        super().__init__()
        self._signal_at, self._nan_at, self._unlucky = signal_at, nan_at, unlucky

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """As ever, but for the unlucky process."""
        found = dict(super().losses(step, random, world))
        if world.rank == self._unlucky and step == self._signal_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if world.rank == self._unlucky and step == self._nan_at:
            found["values"] = found["values"] * torch.nan
        return found

    def items(self, step: int) -> list[str]:
        """Their numbers."""
        return [f"item {i}" for i in batch_at(step, items=ITEMS, batch=SCHEDULE.batch, seed=SCHEDULE.seed)]


def state_of(objective: Any) -> dict[str, Tensor]:
    """All that was trained."""
    return {**{k: v.clone() for k, v in objective.module.state_dict().items()}, **objective.state()}


def gradients_of(objective: Objective, world: World, *, step: int, seed: int) -> dict[str, Any]:
    """Loss parts and gradients of one step, added over processes."""
    from pathalign.train.engine.gradients import add_over_processes

    parameters = [p for p in objective.module.parameters() if p.requires_grad]
    single = torch.get_default_dtype()
    torch.set_default_dtype(parameters[0].dtype)  # of the bags
    try:
        parts = objective.losses(step, StepRandom.at(seed, step), world)
    finally:
        torch.set_default_dtype(single)
    if (total := torch.stack(list(parts.values())).sum()).requires_grad:  # else it has added them itself
        total.backward()
    add_over_processes(parameters, world)
    return {
        "parts": {name: float(world.sum(part)) for name, part in parts.items()},
        "gradients": [None if p.grad is None else p.grad.clone() for p in parameters],
    }


def stages(cohort: Any, size: Any, recipe: Any) -> dict[str, Objective]:
    """An objective of every stage of R and G, in double precision, the same in every process.

    Without dropout but for stage 1 in two phases, once, whose groups of two slides are the same in both processes.
    """
    from pathalign.model.describer import Describer
    from pathalign.train.cohort import BagAugmentation
    from pathalign.train.generation import Stage1Objective, Stage2Objective
    from pathalign.train.language_model import LanguageModelObjective
    from pathalign.train.retrieval import ContrastiveObjective, new_aligner

    schedule = recipe.schedule
    texts = [text.generation_text for text in cohort.texts]
    language, frozen = (LanguageModelObjective(texts, recipe) for _ in range(2))
    language.module.eval()  # its dropout has other masks in every process

    def describer(**changed: float) -> Describer:
        torch.manual_seed(1)
        return Describer(new_aligner(cohort, replace(size, **changed), text_encoder=None, seed=0), frozen.frozen())

    plain = BagAugmentation()
    found: dict[str, Objective] = {
        "retrieval": ContrastiveObjective(describer().aligner, cohort, schedule, plain),
        "stage 1": Stage1Objective(describer(), cohort, schedule, plain),
        "stage 1 in two phases": Stage1Objective(describer(), cohort, schedule, plain, slides_at_once=2),
        "stage 1 in two phases, with dropout": Stage1Objective(
            describer(dropout=0.3), cohort, schedule, plain, slides_at_once=2
        ),
        "stage 2": Stage2Objective(describer(), cohort, schedule, plain),
        "language model": language,
    }
    for objective in found.values():
        objective.module.double()
    return found


def primitives(world: World) -> dict[str, Any]:
    """What the helpers give to this process."""
    x = torch.arange(21, dtype=torch.double).reshape(7, 3) / 10
    own = x[world.own(7)].clone().requires_grad_()
    together = world.gather(own)
    world.once((together**3 * torch.arange(7.0)[:, None]).sum()).backward()
    return {
        "gathered": together.detach(), "gradient": own.grad, "sum": world.sum(torch.tensor(world.rank + 1.0)),
        "mean": world.sum(world.mean(x[world.own(7)])), "told": world.told(f"from {world.rank}"),
    }  # fmt: skip


def main(folder: Path, objectives: dict[str, Objective], seed: int) -> None:
    """Everything, in the world that the environment gives."""
    found: dict[str, Any] = {}
    with joined() as world:
        found["primitives"] = primitives(world)
        for name in ("fresh", "resumed"):
            objective = Pairs()
            train(objective, SCHEDULE, folder / name, identity={}, world=world)
            found[name] = state_of(objective)
        for name, trouble in (("signal", {"signal_at": 5}), ("nan", {"nan_at": 5})):
            try:
                train(Disturbed(**trouble), SCHEDULE, folder / name, identity={}, world=world)
            except (NotFinite, TrainingStopped) as error:
                found[name] = f"{type(error).__name__}: {error}"
        skipping = replace(SCHEDULE, skip_non_finite=True)
        left_out = Disturbed(nan_at=5)
        train(left_out, skipping, folder / "skipped", identity={}, world=world)
        found["skipped"] = state_of(left_out)
        for name, objective in objectives.items():
            found[name] = gradients_of(objective, world, step=1, seed=seed)
    torch.save(found, folder / f"found-{world.rank}.pt")


def fork(folder: Path, size: int) -> bool:
    """Run `main` in `size` processes, which share what costs most: the imports. Whether all end well."""
    import torch._dynamo  # by the first step of an optimiser

    torch.set_num_threads(1)
    arguments = pickle.loads((folder / "stages.pickle").read_bytes())
    objectives = stages(**arguments)
    children = []
    for rank in range(size):
        child = os.fork()
        if not child:
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            main(folder, objectives, arguments["recipe"].schedule.seed)
            os._exit(0)
        children.append(child)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return not any(ends)


if __name__ == "__main__":
    sys.exit(not fork(Path(sys.argv[1]), 2))
