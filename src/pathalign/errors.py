"""What can go wrong, for users: every message states the rule, the value seen and the repair.

`PathAlignError` is the one base class. Leaves also inherit the builtin that a caller would expect to catch.
The command line turns `NeedsRepair` into exit code 2 (the user must change something) and the rest into 1.
"""

from __future__ import annotations


class PathAlignError(Exception):
    """Base of every error that PathAlign raises on purpose."""


class NeedsRepair(PathAlignError, ValueError):
    """The user must change an input, an option or the order of steps; running again as it is cannot help."""


class MissingResolution(NeedsRepair):
    """A slide without a usable pixel size (absent, outside 0.05-20 micrometres, or anisotropic)."""


class UnreadableSlide(NeedsRepair):
    """A file that no reader opens, or that breaks while it is read."""


class RefusedSlide(NeedsRepair):
    """A slide that opens but that PathAlign must not embed (fluorescence, too coarse, a label image)."""


class BadTable(NeedsRepair):
    """A CSV, JSONL or Parquet file that lacks a required column or cannot be parsed at all."""


class BadNamePattern(NeedsRepair):
    """A regular expression for names of slides that is none, or whose groups are not those that a name has."""


class BadWorkspace(NeedsRepair):
    """The folder is not a workspace, or is one of another schema version."""


class WorkspaceBusy(PathAlignError, RuntimeError):
    """Another process holds the lock of the stage."""


class ReadingProcessError(PathAlignError, RuntimeError):
    """The processes that read slides do not start on this machine, or one that reads reports was killed."""


class MissingArtifact(NeedsRepair):
    """A stage needs an artifact that an earlier stage has not written yet."""


class StaleArtifact(NeedsRepair):
    """An artifact was made from other inputs, or with another configuration, than those at hand."""


class BadModelFolder(NeedsRepair):
    """A model folder that is incomplete, or that PathAlign did not write."""


class UnknownName(NeedsRepair, LookupError):
    """A slide, case, encoder or class that does not exist."""


class BadRecipe(NeedsRepair):
    """A file of a recipe that cannot be read, or says what no recipe has."""


class MissingWeights(NeedsRepair, LookupError):
    """Weights of an encoder that are neither on this machine nor to be had from the Hub."""


class BrokenPlugin(NeedsRepair, ImportError):
    """Another package offers an encoder and does not give it."""


class EndpointFailed(PathAlignError, ConnectionError):
    """An embedding endpoint that does not answer, or whose answer is not one embedding per patch."""


class BadEmbeddings(NeedsRepair):
    """Patch embeddings of another program that lack something, contradict themselves or break while they are read."""


class MissingExtra(NeedsRepair, ImportError):
    """An optional dependency that the request needs is not installed."""


class NotFinite(PathAlignError, ArithmeticError):
    """A loss or a gradient became infinite or no number."""


class TrainingStopped(PathAlignError, RuntimeError):
    """A signal asked a training to stop; its checkpoint holds how far it came."""
