"""A frozen language model on two processes does what it does on one: real processes, on gloo."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sharding_peers import ACCUMULATED, SCHEDULE, interrupted_after, likelihood, objective_before, trained, whole
from torch import nn
from torch.testing import assert_close
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
)
from two_processes import found_by_two, run_by_two

from pathalign.domain.records import SlideText
from pathalign.errors import NeedsRepair
from pathalign.model.hub import train_byte_tokenizer
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import ALONE, World
from pathalign.train.recipes import QFormerSize
from pathalign.train.sharded_language_model import (
    ShardedLanguageModel,
    layers_of,
    refuse_sharding_for_nothing,
    refuse_too_large,
)

pytestmark = [pytest.mark.unit, pytest.mark.slow]

MODELS = ["llama", "gpt2", "experts", "bfloat16", "double"]


@pytest.fixture(scope="module")
def arguments(embeddings: Path, a_text: Callable[..., SlideText]) -> dict[str, Any]:
    """What both processes make their objectives from."""
    size = QFormerSize(
        dim=16, layers=2, heads=2, ffn_dim=24, num_query_tokens=3, projection_dim=8, max_text_tokens=24, vocab=80,
        dropout=0.0,
    )  # fmt: skip
    return {"cohort": TrainingCohort(embeddings, [a_text(n) for n in range(6)]), "size": size, "models": MODELS}


def put_models(folder: Path, texts: list[str]) -> None:
    """Random models as the Hub has them: words tied to the head and not, layers of odd sizes, experts, three types."""
    tokenizer = train_byte_tokenizer(texts, vocab=301)
    torch.manual_seed(3)
    llama: dict[str, Any] = {
        "vocab_size": len(tokenizer), "hidden_size": 18, "num_hidden_layers": 3, "num_attention_heads": 3,
        "num_key_value_heads": 1, "intermediate_size": 25, "initializer_range": 0.3,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
    }  # fmt: skip
    aligned = {"hidden_size": 24, "intermediate_size": 36}  # rows of whole 16 bytes, as torch wants experts to have
    gpt2 = GPT2Config(
        vocab_size=len(tokenizer), n_embd=18, n_layer=2, n_head=3, n_positions=64, initializer_range=0.3,
        bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    models = (
        LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=False)),
        GPT2LMHeadModel(gpt2),
        MixtralForCausalLM(MixtralConfig(**llama | aligned, num_local_experts=4)),
        LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=True)).bfloat16(),
        LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=True)).double(),
    )
    for name, model in zip(MODELS, models, strict=True):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, arguments: dict[str, Any]) -> Path:
    """Where two processes have done everything that `sharding_peers` does; one run for all tests."""
    folder = tmp_path_factory.mktemp("sharded")
    put_models(folder, [text.generation_text for text in arguments["cohort"].texts])
    objective = objective_before(whole(folder / "double"), arguments)
    with pytest.raises(KeyboardInterrupt):
        trained(objective, folder / "taken over", SCHEDULE, ALONE, on_step=interrupted_after(3))
    (folder / "arguments.pickle").write_bytes(pickle.dumps(arguments))
    run_by_two(Path(__file__).with_name("sharding_peers.py"), folder, timeout_s=600)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> list[dict[str, Any]]:
    """What each process found."""
    return found_by_two(folder)


@pytest.fixture(scope="module")
def alone(folder: Path, arguments: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The weights that one process trains before the whole model."""
    return trained(objective_before(whole(folder / "double"), arguments), folder / "alone", SCHEDULE, ALONE)


def rows_of(run: Path) -> list[dict[str, float]]:
    """The log of a run."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", MODELS)
def test_likelihood_and_prompt_gradient_are_those_of_the_whole_model(
    name: str, folder: Path, found: list[dict[str, Any]]
) -> None:
    """Of two texts here and three there, again in the second pass, in the type that the model is stored in."""
    model = whole(folder / name)

    for rank, process in enumerate(found):
        expected = likelihood(model, World(rank=rank, size=2))
        assert len(expected["rows"]) == 2 + rank
        for ours, theirs in zip(process[name]["rows"], expected["rows"], strict=True):
            assert_close(ours, theirs)
        assert_close(process[name]["gradient"], expected["gradient"])
        assert expected["gradient"].abs().max() > 0.1
        assert process[name]["types"] == {p.dtype for p in model.parameters()}
        assert process[name]["deviation"] == model.word_deviation
        assert process[name]["names"] == sorted(model.state_dict())


@pytest.mark.parametrize("name", MODELS)
def test_a_process_holds_its_share(name: str, folder: Path, found: list[dict[str, Any]]) -> None:
    """Half of the bytes each, and what rows of odd matrices add."""
    total = sum(p.nbytes for p in whole(folder / name).parameters())

    for process in found:
        assert total / 2 * 0.9 < process[name]["held"] < total / 2 * 1.1


@pytest.mark.parametrize("name", ["fresh", "taken over"])
def test_two_processes_train_what_one_does_before_the_whole_model(
    name: str, folder: Path, found: list[dict[str, Any]], alone: dict[str, torch.Tensor]
) -> None:
    """Begun by two, or begun by one and taken over in the middle by two: equal weights and log, to 1e-6."""
    for process in found:
        for key, value in alone.items():
            assert_close(process[name][key], value, atol=1e-6, rtol=0)
    assert all(torch.equal(found[0][name][key], found[1][name][key]) for key in alone)
    for row, expected in zip(rows_of(folder / name), rows_of(folder / "alone"), strict=True):
        assert row == pytest.approx(expected, abs=2e-6)


def test_micro_batches_train_what_they_do_alone(
    folder: Path, found: list[dict[str, Any]], arguments: dict[str, Any]
) -> None:
    """Two passes through the model in a step, of one or two slides."""
    objective = objective_before(whole(folder / "double"), arguments, ACCUMULATED)
    expected = trained(objective, folder / "accumulated alone", ACCUMULATED, ALONE)

    for key, value in expected.items():
        assert_close(found[0]["accumulated"][key], value, atol=1e-6, rtol=0)


def test_killed_and_run_again_it_ends_with_the_same_bytes(folder: Path, found: list[dict[str, Any]]) -> None:
    """Stopped between checkpoints; weights and log are those of the run that nobody disturbed."""
    for process in found:
        assert all(torch.equal(process["killed"][key], value) for key, value in process["fresh"].items())
    assert rows_of(folder / "killed") == rows_of(folder / "fresh")


def test_the_model_is_in_no_checkpoint(folder: Path) -> None:
    """Nor does a checkpoint know whether the model was whole: its names are those of a run with one process."""
    from torch.distributed.checkpoint import FileSystemReader

    names = [
        set(FileSystemReader(folder / run / "checkpoints/step-0000005").read_metadata().state_dict_metadata)
        for run in ("alone", "fresh")
    ]

    assert names[0] == names[1]
    assert not any("language_model" in name for name in names[1])


def test_a_signal_or_a_number_that_is_none_is_met_by_both(folder: Path, found: list[dict[str, Any]]) -> None:
    """Met in one process: both stop, refuse or leave out the same step, and none waits for the other."""
    for what, words in (("signal", "Stopped at step 4 of 5"), ("nan", "The loss became nan at step 3")):
        assert found[0][what] == found[1][what]
        assert found[0][what].startswith(words)
    assert [row["step"] for row in rows_of(folder / "skipped") if "skipped" in row] == [3]
    assert all(torch.equal(found[1]["skipped"][key], value) for key, value in found[0]["skipped"].items())
    assert all(value.isfinite().all() for value in found[0]["skipped"].values())


def test_what_the_first_process_cannot_read_both_refuse(found: list[dict[str, Any]]) -> None:
    """A wrong name is told in every process, as without sharding; so is a text asked of a model in shares."""
    for process in found:
        assert process["absent"].startswith("UnknownName: There is no language model called ")
        assert process["text"].startswith("NeedsRepair: ")
        assert "run `pathalign describe`" in process["text"]


def test_one_process_alone_is_refused() -> None:
    """It would hold the whole model: the message says how several are started."""
    with pytest.raises(NeedsRepair, match=r"`--shard-llm` spreads some/model over several .*nproc-per-node N"):
        ShardedLanguageModel.spread("some/model", ALONE)


def test_no_named_model_is_refused() -> None:
    """The small default model needs no shares."""
    with pytest.raises(NeedsRepair, match=r"none is named; .*Name one with `--llm`"):
        refuse_sharding_for_nothing(None, World(size=2))


def test_layers_are_found_by_weight() -> None:
    """The list that holds the most, whatever it is called and whatever lists lie within; none is refused."""
    layers = nn.ModuleList(nn.ModuleDict({"experts": nn.ModuleList([nn.Linear(9, 9)])}) for _ in range(3))
    model = nn.ModuleDict({"small": nn.ModuleList([nn.Linear(2, 2)]), "blocks": layers})

    assert layers_of(model) == list(layers)
    with pytest.raises(NeedsRepair, match="Linear has no list of layers"):
        layers_of(nn.Linear(2, 2))


def test_a_model_too_large_for_a_gpu_is_refused_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its configuration alone; the message names the option. One that fits is not, nor one on the CPU."""
    weights = sum(p.numel() for p in whole(folder / "llama").parameters())
    memory = SimpleNamespace(total_memory=4 * weights)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: memory)
    (folder / "llama" / "model.safetensors").rename(folder / "llama" / "away")
    try:
        with pytest.raises(NeedsRepair, match=r"takes 0 GB in float32 and cuda:1 has .*--shard-llm"):
            refuse_too_large(str(folder / "llama"), torch.device("cuda:1"))
        memory.total_memory += 1
        refuse_too_large(str(folder / "llama"), torch.device("cuda:1"))
    finally:
        (folder / "llama" / "away").rename(folder / "llama" / "model.safetensors")
    refuse_too_large("no/such/model", torch.device("cpu"))
