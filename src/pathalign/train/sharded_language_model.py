"""A frozen language model that is too large for one card: its weights lie in shares on all processes (FSDP2).

A process holds its share and, while one layer computes, that layer whole. Only the way to the prompt's gradient leads
through the model: its weights have no gradient and no optimiser state, and they are in no checkpoint. What is trained
stays as it is in any run, whole in every process.

Every pass is one of all processes at once, because each layer is brought together for it. Steps of the engine fit:
every process has items of every step, or the step is refused; all stop, skip or refuse after the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

from pathalign.errors import NeedsRepair
from pathalign.model.hub import count_causal_weights, load_causal_model
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.train.engine import World

LONGEST_LOADING = timedelta(hours=6)
"""A file server may take longer to give a large model than processes wait for each other elsewhere."""
FLOAT32_BYTES = 4


class ShardedLanguageModel(FrozenLanguageModel):
    """`log_likelihood` is called by all processes at once and equally often, with as many texts as each of them has."""

    def __init__(self, model: Any, tokenizer: Any, *, source: str, word_deviation: float) -> None:
        super().__init__(model, tokenizer, source=source)
        self._word_deviation = word_deviation

    @classmethod
    def spread(cls, name: str, world: World) -> ShardedLanguageModel:
        """A model from a folder or the Hub, in the type that it is stored in, spread over all processes.

        The leading process alone reads it, into its host's memory, and gives it out layer by layer. Raises
        `UnknownName` and `NeedsRepair` in every process.
        """
        refuse_sharding_for_nothing(name, world)
        sharded = _taken(name, world)
        mesh = init_device_mesh(world.device.type, (world.size,))
        layers = layers_of(sharded)
        for layer in layers:
            _give_out(layer.modules(), world)
            fully_shard(layer, mesh=mesh)
        within = {part for layer in layers for part in layer.modules()}
        _give_out([part for part in sharded.modules() if part not in within], world)
        fully_shard(sharded, mesh=mesh)
        register_fsdp_forward_method(sharded, "log_likelihood")
        return sharded

    @property
    def word_deviation(self) -> float:
        """As the leading process measured it when it had the words whole."""
        return self._word_deviation

    def generate(self, *_: object, **__: object) -> NoReturn:
        """Refused: texts end at different lengths, so one process would wait for others that are done."""
        raise NeedsRepair(
            f"{self.source} is spread over several processes for training and writes no text there. Load the trained "
            "model with `pathalign.load`, or run `pathalign describe`."
        )

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> ShardedLanguageModel:  # noqa: ARG002
        """Stays where it was spread, and in its type, when the model around it is moved or cast."""
        return self


def layers_of(model: nn.Module) -> list[nn.Module]:
    """The transformer layers of a model of any architecture: the list of modules with the most weights.

    Raises `NeedsRepair` for a model that has no such list.
    """
    lists: list[nn.Module] = [part for part in model.modules() if isinstance(part, nn.ModuleList) and len(part)]
    if not lists:
        raise NeedsRepair(
            f"{type(model).__name__} has no list of layers, so it cannot be spread layer by layer. "
            "Leave out `--shard-llm`, or name another model."
        )
    return list(max(lists, key=lambda part: sum(weight.numel() for weight in part.parameters())).children())


def refuse_sharding_for_nothing(name: str | None, world: World) -> None:
    """Raise `NeedsRepair` where no model is named, or one process would hold all of it."""
    if name is None:
        raise NeedsRepair(
            "`--shard-llm` spreads a large language model over several processes, and none is named; the small default "
            "one fits anywhere. Name one with `--llm`, or leave the option out."
        )
    if world.size == 1:
        raise NeedsRepair(
            f"`--shard-llm` spreads {name} over several processes, and this is one alone. Start them with "
            "`torchrun --standalone --nproc-per-node N -m pathalign train generation ...`, or leave the option out."
        )


def refuse_too_large(name: str, device: torch.device) -> None:
    """Raise `NeedsRepair` before a model is read that cannot fit the GPU of this process."""
    if device.type != "cuda":
        return
    needed, there = FLOAT32_BYTES * count_causal_weights(name), torch.cuda.get_device_properties(device).total_memory
    if needed >= there:
        raise NeedsRepair(
            f"The language model {name} takes {needed / 1e9:.0f} GB in float32 and {device} has {there / 1e9:.0f} GB. "
            "Spread it over several GPUs: `torchrun --standalone --nproc-per-node N -m pathalign train generation "
            "--llm NAME --shard-llm`; or name a smaller one."
        )


def _taken(name: str, world: World) -> ShardedLanguageModel:
    """The model with its weights in the leading process, and without any in the others."""
    read: list[Any] = []

    def reading() -> tuple[type, Any, Any, float]:
        model, tokenizer = load_causal_model(name, as_stored=True)
        layers_of(model)
        read.append(model)
        words = model.get_input_embeddings().weight.detach()
        return type(model), model.config, tokenizer, float(words.float().std())

    patient = dist.new_group(backend="gloo", timeout=LONGEST_LOADING)

    def read_for_all() -> tuple[type, Any, Any, float]:
        try:
            return reading()
        finally:
            dist.barrier(group=patient)

    if not world.leads:
        dist.barrier(group=patient)
    kind, config, tokenizer, word_deviation = world.led(read_for_all)
    dist.destroy_process_group(patient)
    with torch.device("meta"):
        model = read.pop() if world.leads else kind(config)
    return ShardedLanguageModel(model, tokenizer, source=name, word_deviation=word_deviation)


def _give_out(owners: Iterable[nn.Module], world: World) -> None:
    """Give every process the leading one's weights and buffers of these modules, on its device.

    Tensors that modules share there, as words and head often do, are shared everywhere.
    """
    places = [
        (owner, name, tensor)
        for owner in owners
        for name, tensor in (*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False))
    ]
    first: dict[Tensor, int] = {}
    for place, (_, _, tensor) in enumerate(places):
        first.setdefault(tensor, place)
    told = world.told([(name, first[tensor], tensor.shape, tensor.dtype) for _, name, tensor in places])
    arrived: dict[int, Tensor] = {}
    for place, ((owner, name, tensor), (same_name, source, shape, dtype)) in enumerate(zip(places, told, strict=True)):
        assert name == same_name, "a configuration makes the same modules in every process"
        if source == place:
            whole = (
                tensor.detach().to(world.device).contiguous()
                if world.leads
                else torch.empty(shape, dtype=dtype, device=world.device)
            )
            dist.broadcast(whole.flatten().view(torch.uint8), src=0)  # as bytes: any type
            is_weight = isinstance(tensor, nn.Parameter)
            arrived[place] = nn.Parameter(whole, requires_grad=False) if is_weight else whole
        setattr(owner, name, arrived[source])
