"""The training engine: a plain loop that every stage shares, alone or under torchrun."""

from pathalign.train.engine.alarms import Alarm
from pathalign.train.engine.checkpoint import forget_checkpoint
from pathalign.train.engine.loop import train
from pathalign.train.engine.metrics import METRICS
from pathalign.train.engine.objective import Objective
from pathalign.train.engine.randomness import StepRandom
from pathalign.train.engine.sampler import batch_at, items_at
from pathalign.train.engine.schedule import Schedule
from pathalign.train.engine.world import ALONE, World, joined

__all__ = [
    "ALONE",
    "METRICS",
    "Alarm",
    "Objective",
    "Schedule",
    "StepRandom",
    "World",
    "batch_at",
    "forget_checkpoint",
    "items_at",
    "joined",
    "train",
]
