"""Two processes that hold a frozen language model together; they leave their findings in a folder."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pathalign.errors import NotFinite, PathAlignError, TrainingStopped
from pathalign.model.describer import Describer
from pathalign.model.hub import load_causal_model
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.train.cohort import BagAugmentation
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, joined, train
from pathalign.train.generation import Stage2Objective, scale_prompt
from pathalign.train.retrieval import new_aligner
from pathalign.train.sharded_language_model import ShardedLanguageModel

SCHEDULE = Schedule(steps=5, batch=5, peak_lr=1e-2, warmup_steps=1, checkpoint_every=2, average=0.9, seed=4)
"""Five slides in a step: two for one process, three for the other."""
ACCUMULATED = replace(SCHEDULE, accumulate=2)
TEXTS = ["colon: tubular adenoma.", "lung: no tumour is seen in this piece.", "", "lymph node: a metastasis.", "skin."]


class Disturbed(Stage2Objective):
    """One process meets a signal, or a number that is none, in the share of one step."""

    signal_at = nan_at = -1

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """As ever, but for the second process."""
        found = dict(super().losses(step, random, world))
        if world.rank == 1 and step == self.signal_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if world.rank == 1 and step == self.nan_at:
            found["generation_loss"] = found["generation_loss"] * torch.nan
        return found


def whole(name: Path) -> FrozenLanguageModel:
    """The model in one process, in the type that it is stored in."""
    return FrozenLanguageModel(*load_causal_model(name, as_stored=True), source=str(name))


def objective_before(
    language_model: FrozenLanguageModel, arguments: Mapping[str, Any], schedule: Schedule = SCHEDULE
) -> Disturbed:
    """Stage 2 in double precision and without dropout, the same in every process."""
    aligner = new_aligner(arguments["cohort"], arguments["size"], text_encoder=None, seed=0)
    torch.manual_seed(1)
    describer = Describer(aligner, language_model)
    scale_prompt(describer)
    return Disturbed(describer.double(), arguments["cohort"], schedule, BagAugmentation())


def trained(objective: Disturbed, run: Path, schedule: Schedule, world: World, **how: Any) -> dict[str, Tensor]:
    """The trained weights at the end of a run."""
    run.mkdir(exist_ok=True)
    torch.set_default_dtype(torch.double)  # of the bags
    try:
        train(objective, schedule, run, identity={}, world=world, **how)
    finally:
        torch.set_default_dtype(torch.float32)
    return {name: p.detach().clone() for name, p in objective.module.named_parameters() if p.requires_grad}


def likelihood(model: FrozenLanguageModel, world: World) -> dict[str, Any]:
    """Likelihood of the own texts after their prompts, and its gradient, twice."""
    prompts = torch.randn(len(TEXTS), 3, model.dim, generator=torch.Generator().manual_seed(7))
    prompt = world.share(prompts).clone().requires_grad_()
    for _ in range(2):
        prompt.grad = None
        log_p, is_token = model.log_likelihood(prompt, world.share(TEXTS))
        log_p.sum().backward()
    return {"rows": [row[real].detach() for row, real in zip(log_p, is_token, strict=True)], "gradient": prompt.grad}


def interrupted_after(step: int) -> Callable[[int, Any], None]:
    """Interrupts a run after a step."""

    def on_step(done: int, _: Any) -> None:
        if done == step:
            raise KeyboardInterrupt

    return on_step


def refusal(action: Callable[[], object]) -> str:
    """What is refused, with its kind."""
    try:
        action()
    except PathAlignError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def main(folder: Path, arguments: dict[str, Any]) -> None:
    """Everything, in the world that the environment gives."""
    found: dict[str, Any] = {}
    with joined("cpu") as world:

        def spread(name: str) -> ShardedLanguageModel:
            return ShardedLanguageModel.spread(str(folder / name), world)

        for name in arguments["models"]:
            model = spread(name)
            found[name] = likelihood(model, world) | {
                "held": sum(p.to_local().untyped_storage().nbytes() for p in model.parameters()),
                "types": {p.dtype for p in model.parameters()}, "deviation": model.word_deviation,
                "names": sorted(model.state_dict()),
            }  # fmt: skip
        found["absent"] = refusal(lambda: spread("absent"))
        found["text"] = refusal(lambda: model.generate(torch.zeros(1, 3, model.dim)))

        def run(name: str, schedule: Schedule = SCHEDULE, **how: Any) -> dict[str, Tensor]:
            objective = objective_before(spread("double"), arguments, schedule)
            objective.signal_at, objective.nan_at = how.pop("signal_at", -1), how.pop("nan_at", -1)
            return trained(objective, folder / name, schedule, world, **how)

        found["fresh"], found["accumulated"] = run("fresh"), run("accumulated", ACCUMULATED)
        try:
            run("killed", on_step=interrupted_after(3))
        except KeyboardInterrupt:
            found["killed"] = run("killed")
        found["taken over"] = run("taken over")  # from one process with the whole model
        try:
            run("signal", signal_at=2)
        except TrainingStopped as error:
            found["signal"] = str(error)
        try:
            run("nan", nan_at=2)
        except NotFinite as error:
            found["nan"] = str(error)
        skipping = replace(SCHEDULE, skip_non_finite=True)
        found["skipped"] = run("skipped", skipping, nan_at=2)
    torch.save(found, folder / f"found-{world.rank}.pt")


def fork(folder: Path, size: int) -> bool:
    """Run `main` in `size` processes, which share what costs most: the imports. Whether all end well."""
    import torch._dynamo  # by the first step of an optimiser

    torch.set_num_threads(1)
    arguments = pickle.loads((folder / "arguments.pickle").read_bytes())
    children = []
    for rank in range(size):
        child = os.fork()
        if not child:
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            main(folder, arguments)
            os._exit(0)
        children.append(child)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return not any(ends)


if __name__ == "__main__":
    sys.exit(not fork(Path(sys.argv[1]), 2))
