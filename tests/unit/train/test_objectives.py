"""What each stage trains: PathAlign-R, both stages of PathAlign-G and the small language model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.distributed.checkpoint import FileSystemReader
from torch.testing import assert_close
from transformers import BertConfig, BertModel

from pathalign.domain.records import SlideText
from pathalign.errors import UnknownName
from pathalign.model.aligner import Aligner
from pathalign.model.describer import Describer
from pathalign.model.hub import train_word_tokenizer
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Objective, Schedule, StepRandom, train
from pathalign.train.generation import Stage1Objective, Stage2Objective, scale_prompt
from pathalign.train.language_model import LanguageModelObjective
from pathalign.train.recipes import TINY, LanguageModelRecipe, QFormerSize, generation_recipe, retrieval_recipe
from pathalign.train.retrieval import BatchSampler, ContrastiveObjective, new_aligner

pytestmark = pytest.mark.unit

SCHEDULE = Schedule(steps=5, batch=4, warmup_steps=1, peak_lr=3e-3, checkpoint_every=2)
LM = LanguageModelRecipe(dim=16, layers=1, heads=2, vocab=300, schedule=replace(SCHEDULE, batch=3))
PLAIN = BagAugmentation(least_share=1.0, noise=0.0)


@pytest.fixture
def texts(cohort: TrainingCohort) -> list[str]:
    """What the small language model learns."""
    return [text.generation_text for text in cohort.texts]


def a_describer(cohort: TrainingCohort, size: QFormerSize, texts: list[str]) -> Describer:
    """An untrained describer, the same every time."""
    aligner = new_aligner(cohort, size, text_encoder=None, seed=0)
    language_model = LanguageModelObjective(texts, LM).frozen()
    torch.manual_seed(1)
    return Describer(aligner, language_model)


def objective_of(kind: str, cohort: TrainingCohort, size: QFormerSize, texts: list[str]) -> Objective:
    """A fresh objective of a stage."""
    augmentation = BagAugmentation(max_patches=5 if kind == "retrieval, thinned" else 10_240)
    if kind.startswith("retrieval"):
        aligner = new_aligner(cohort, size, text_encoder=None, seed=0)
        return ContrastiveObjective(aligner, cohort, SCHEDULE, augmentation)
    if kind == "language model":
        return LanguageModelObjective(texts, LM)
    stage = Stage1Objective if kind == "stage 1" else Stage2Objective
    return stage(a_describer(cohort, size, texts), cohort, SCHEDULE, augmentation)


@pytest.mark.parametrize("kind", ["retrieval", "retrieval, thinned", "stage 1", "stage 2", "language model"])
@pytest.mark.slow
def test_every_stage_is_bit_identical_when_resumed(
    kind: str, cohort: TrainingCohort, size: QFormerSize, texts: list[str], tmp_path: Path
) -> None:
    """Started anew from raw data, tokenizer included, and killed between checkpoints, a stage ends with equal bytes."""
    results = []
    for kill in (None, 3):
        run = tmp_path / str(kill)
        run.mkdir()

        def interrupt(step: int, row: dict[str, float], at: int | None = kill) -> None:
            if step == at:
                raise KeyboardInterrupt

        objective = objective_of(kind, cohort, size, texts)
        if kill is not None:
            with pytest.raises(KeyboardInterrupt):
                train(objective, SCHEDULE, run, identity={}, on_step=interrupt)
            objective = objective_of(kind, cohort, size, texts)
        train(objective, SCHEDULE, run, identity={})
        results.append((objective.module.state_dict(), (run / "metrics.jsonl").read_text()))

    assert results[0][1] == results[1][1]
    assert all(torch.equal(results[1][0][name], value) for name, value in results[0][0].items())


def test_a_large_language_model_is_not_in_checkpoints(
    cohort: TrainingCohort, size: QFormerSize, texts: list[str], tmp_path: Path
) -> None:
    """Stage 2 keeps what it trains; the frozen model, its tied head included, stays out and unchanged."""
    objective = objective_of("stage 2", cohort, size, texts)
    before = {k: v.clone() for k, v in objective.module.state_dict().items() if k.startswith("language_model.")}

    train(objective, SCHEDULE, tmp_path, identity={})

    kept = FileSystemReader(tmp_path / "checkpoints" / "step-0000005").read_metadata().state_dict_metadata
    assert [name for name in kept if "language_model." in name] == []
    assert "module.to_prompt.weight" in kept
    assert before
    assert all(torch.equal(objective.module.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("kind", ["retrieval", "stage 1", "stage 2"])
def test_a_batch_of_one_trains(kind: str, cohort: TrainingCohort, size: QFormerSize, texts: list[str]) -> None:
    """At batch size one every stage has finite losses, and no process group is asked for."""
    one = replace(SCHEDULE, batch=1)
    describer = a_describer(cohort, size, texts)
    objective: Objective
    if kind == "retrieval":
        objective = ContrastiveObjective(describer.aligner, cohort, one, PLAIN)
    else:
        objective = (Stage1Objective if kind == "stage 1" else Stage2Objective)(describer, cohort, one, PLAIN)

    parts = objective.losses(0, StepRandom.at(0, 0))
    torch.stack(list(parts.values())).sum().backward()

    assert all(part.isfinite() for part in parts.values())
    assert not torch.distributed.is_initialized()
    if kind == "retrieval":
        assert parts["itc_loss"].item() == 0


@pytest.mark.slow
def test_retrieval_learns(cohort: TrainingCohort, size: QFormerSize, tmp_path: Path) -> None:
    """Sixty steps tell six slides apart, to near the least loss that multi-positives allow."""
    size = replace(size, dropout=0.0)
    schedule = Schedule(steps=60, batch=6, peak_lr=5e-3, final_lr=1e-3, warmup_steps=5)
    objective = ContrastiveObjective(
        new_aligner(cohort, size, text_encoder=None, seed=0), cohort, schedule, PLAIN
    )  # fmt: skip
    losses: list[float] = []

    train(objective, schedule, tmp_path, identity={}, on_step=lambda step, row: losses.append(row["loss"]))

    assert losses[0] > 1.2
    assert losses[-1] < 0.85  # ln 2 = 0.69: each slide has one other positive


def test_the_prompt_starts_as_loud_as_words(cohort: TrainingCohort, size: QFormerSize, texts: list[str]) -> None:
    """A scaled prompt has the spread of the language model's own word embeddings, to within a factor of two."""
    describer = a_describer(cohort, size, texts).eval()
    torch.manual_seed(0)
    scale_prompt(describer)

    bags, _ = BatchSampler(cohort, SCHEDULE, PLAIN, torch.ones(8).numpy()).bags(0, StepRandom.at(0, 0))
    prompt = describer.prompt(bags).detach()

    words = describer.language_model.model.get_input_embeddings().weight
    assert 0.5 < float(prompt.std() / words.std()) < 2


def test_a_batch_is_never_larger_than_the_cohort(cohort: TrainingCohort) -> None:
    """A schedule for a larger cohort runs on this one: a batch holds every slide at most once."""
    sampler = BatchSampler(cohort, replace(SCHEDULE, batch=99), PLAIN, torch.ones(8).numpy())

    bags, indices = sampler.bags(3, StepRandom.at(0, 3))

    assert sorted(indices) == list(range(6))
    assert list(bags.lengths) == [4 + index for index in indices]


def test_a_new_aligner_fits_the_cohort(cohort: TrainingCohort, size: QFormerSize) -> None:
    """Width and statistics are the embeddings', the vocabulary the tokenizer's, and the seed decides the rest."""
    aligner, again, other = (new_aligner(cohort, size, text_encoder=None, seed=seed) for seed in (0, 0, 1))

    patch_input = aligner.qformer.patch_input
    assert aligner.qformer.config.embedding_dim == 8
    assert_close(patch_input.embedding_mean, cohort.statistics()[0])
    assert_close(patch_input.embedding_std, cohort.statistics()[1])
    assert aligner.qformer.config.vocab == len(aligner.tokenizer)
    assert aligner.projection_dim == 8
    pairs = zip(aligner.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(aligner.query_proj.weight, other.query_proj.weight)


@pytest.fixture
def bert(cohort: TrainingCohort, tmp_path: Path) -> tuple[BertModel, str]:
    """A tiny random BERT with a tokenizer, saved as the Hub would give it."""
    tokenizer = train_word_tokenizer([text.retrieval_text for text in cohort.texts], vocab=90)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
        max_position_embeddings=30,
    )  # fmt: skip
    torch.manual_seed(4)
    model = BertModel(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape))
    model.save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    return model, str(tmp_path / "bert")


def test_the_text_branch_of_a_named_encoder_is_that_bert(
    cohort: TrainingCohort, size: QFormerSize, bert: tuple[BertModel, str]
) -> None:
    """An aligner started from a BERT gives BERT's own outputs at every token, in batches and alone."""
    model, name = bert
    aligner = new_aligner(cohort, size, text_encoder=name, seed=0).eval()
    texts = [cohort.texts[0].retrieval_text, "adenoma", "invasive carcinoma. margins are free. colon"]

    batch = aligner.tokenizer.encode(texts)
    ours = aligner.qformer.read(batch)

    ids = batch.padded(batch.ids[:, None].float())[..., 0].long()
    expected = model(input_ids=ids, attention_mask=batch.is_token().long()).last_hidden_state
    assert_close(ours, batch.packed(expected), atol=1e-5, rtol=1e-5)
    alone = aligner.tokenizer.encode(texts[1:2])
    assert_close(aligner.qformer.read(alone), expected[1, : alone.lengths[0]], atol=1e-5, rtol=1e-5)
    config = aligner.qformer.config
    assert (config.dim, config.layers, config.heads, config.ffn_dim) == (32, 3, 4, 40)
    assert aligner.tokenizer.max_tokens == min(size.max_text_tokens, 30)


def test_queries_start_from_berts_feed_forward_blocks(
    cohort: TrainingCohort, size: QFormerSize, bert: tuple[BertModel, str]
) -> None:
    """As in BLIP-2 the queries' blocks are copies that may drift apart, not the same weights."""
    aligner: Aligner = new_aligner(cohort, size, text_encoder=bert[1], seed=0)

    for layer in aligner.qformer.layers:
        assert torch.equal(layer.query_ffn.fc1.weight, layer.text_ffn.fc1.weight)
        assert layer.query_ffn.fc1.weight.data_ptr() != layer.text_ffn.fc1.weight.data_ptr()


def test_a_text_encoder_that_nobody_has(cohort: TrainingCohort, size: QFormerSize) -> None:
    """A wrong name is refused with what can be given."""
    with pytest.raises(UnknownName, match="There is no text encoder called /no/such"):
        new_aligner(cohort, size, text_encoder="/no/such", seed=0)


@pytest.mark.slow
def test_the_small_language_model_learns_its_texts(texts: list[str], tmp_path: Path) -> None:
    """It becomes sure of the few texts that it sees, and ends them."""
    recipe = replace(LM, dim=32, layers=2, schedule=Schedule(steps=80, batch=8, peak_lr=1e-2, final_lr=1e-3))
    objective = LanguageModelObjective(texts, recipe)
    losses: list[float] = []

    train(objective, recipe.schedule, tmp_path, identity={}, on_step=lambda step, row: losses.append(row["loss"]))

    assert losses[-1] < losses[0] / 5
    frozen = objective.frozen()
    assert frozen.source == "folder"
    written = frozen.generate(torch.zeros(1, 1, 32), max_tokens=30)[0]
    assert written in {text.strip() for text in texts}


def test_only_what_follows_the_opening_token_is_learnt(texts: list[str]) -> None:
    """The prompt of own words is read, not predicted: it stands before the opening token in most sequences."""
    objective = LanguageModelObjective(texts, LM)
    random = StepRandom.at(0, 0).numpy
    ids = objective.tokenizer(texts[1], add_special_tokens=False).input_ids
    bos, eos = objective.tokenizer.bos_token_id, objective.tokenizer.eos_token_id

    prompted = 0
    for _ in range(200):
        row, opening = objective._sequence(ids, random)
        assert row[opening] == bos
        assert row[opening + 1 :] == [*ids, eos]
        assert set(row[:opening]) <= set(ids)
        prompted += opening > 0
    assert 0.75 < prompted / 200 < 0.95


@pytest.mark.parametrize(("make", "name"), [(retrieval_recipe, "tiny"), (generation_recipe, "base")])
def test_recipes_by_name(make: Callable[[str], object], name: str) -> None:
    """A known name gives a full recipe, an unknown one is refused with those there are."""
    assert make(name) == make(name)
    with pytest.raises(UnknownName, match="no recipe 'huge'; choose one of tiny, base, or name a file"):
        make("huge")


def test_the_base_recipes_are_the_papers() -> None:
    """bert-base, 32 queries, 256-d projections, 10,240 patches, lr 1e-4 to 1e-5, weight decay 0.05."""
    for recipe, schedule in (
        (retrieval_recipe("base"), retrieval_recipe("base").schedule),
        (generation_recipe("base"), generation_recipe("base").stage1),
    ):
        size = recipe.size
        assert (size.dim, size.layers, size.heads, size.num_query_tokens, size.projection_dim) == (768, 12, 12, 32, 256)
        assert (recipe.augmentation.max_patches, recipe.augmentation.noise) == (10_240, 0)
        assert (schedule.peak_lr, schedule.final_lr, schedule.weight_decay) == (1e-4, 1e-5, 0.05)


def test_a_recipe_is_recorded_whole(a_text: Callable[..., SlideText]) -> None:
    """Every dial of a recipe is in what manifests record."""
    recorded = generation_recipe("tiny").as_json()

    assert recorded["size"]["dim"] == TINY.dim
    assert recorded["stage1"]["seed"] == 0
    assert recorded["language_model"]["schedule"]["steps"] == 400
    assert set(recorded) == {
        "size", "stage1", "stage2", "augmentation", "language_model", "text_encoder", "llm", "slides_at_once",
    }  # fmt: skip
