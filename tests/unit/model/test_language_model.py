"""The frozen language model, compared with transformers by hand."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close
from transformers import GPT2Config, GPT2LMHeadModel

from pathalign.model.language_model import FrozenLanguageModel

pytestmark = pytest.mark.unit


@pytest.fixture
def prompt() -> torch.Tensor:
    """Soft prompts of three vectors for four slides."""
    return torch.randn(4, 3, 32, generator=torch.Generator().manual_seed(0))


def by_hand(model: FrozenLanguageModel, prompt: torch.Tensor, text: str, opening: list[int]) -> torch.Tensor:
    """Log-probabilities of a text's tokens and end: one text, no padding, one token after another."""
    targets = [*model.tokenizer(text, add_special_tokens=False).input_ids, model.tokenizer.eos_token_id]
    embed = model.model.get_input_embeddings()
    log_p = []
    for count, target in enumerate(targets):
        told = embed(torch.tensor([opening + targets[:count]], dtype=torch.long))
        logits = model.model(inputs_embeds=torch.cat([prompt[None], told], dim=1)).logits[0, -1]
        log_p.append(logits.log_softmax(-1)[target])
    return torch.stack(log_p)


def test_likelihood_equals_that_by_hand(
    language_model: FrozenLanguageModel, prompt: torch.Tensor, texts: list[str]
) -> None:
    """Each token's log-probability equals the model's own after prompt, opening token and the tokens before it."""
    log_p, is_token = language_model.log_likelihood(prompt, texts)

    for row, text in enumerate(texts):
        expected = by_hand(language_model, prompt[row], text, [1])
        assert int(is_token[row].sum()) == len(expected)
        assert_close(log_p[row, : len(expected)], expected, atol=1e-4, rtol=1e-4)
        assert (log_p[row, len(expected) :] == 0).all()


def test_padding_of_a_batch_changes_nothing(
    language_model: FrozenLanguageModel, prompt: torch.Tensor, texts: list[str]
) -> None:
    """A text is as likely alone as beside longer ones."""
    together, is_token = language_model.log_likelihood(prompt, texts)

    for row, text in enumerate(texts):
        alone, _ = language_model.log_likelihood(prompt[row : row + 1], [text])
        assert_close(together[row][is_token[row]], alone[0], atol=1e-4, rtol=1e-4)


def test_a_model_without_an_opening_token(texts: list[str], prompt: torch.Tensor, language_model: object) -> None:
    """A language model without a beginning-of-text token opens with the prompt alone."""
    assert isinstance(language_model, FrozenLanguageModel)
    tokenizer = language_model.tokenizer
    tokenizer.bos_token = None
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=4, n_positions=128, bos_token_id=None, eos_token_id=2
    )  # fmt: skip
    model = FrozenLanguageModel(GPT2LMHeadModel(config), tokenizer, source="folder")

    log_p, _ = model.log_likelihood(prompt[:1], texts[:1])

    assert_close(log_p[0], by_hand(model, prompt[0], texts[0], []), atol=1e-4, rtol=1e-4)
    assert len(model.generate(prompt[:1], max_tokens=3)) == 1


def test_an_empty_text_is_its_end(language_model: FrozenLanguageModel, prompt: torch.Tensor) -> None:
    """Saying nothing has the likelihood of ending at once."""
    log_p, is_token = language_model.log_likelihood(prompt[:1], [""])

    assert is_token.tolist() == [[True]]
    assert_close(log_p[0], by_hand(language_model, prompt[0], "", [1]))


def test_a_long_text_is_cut_and_still_ends(language_model: FrozenLanguageModel, prompt: torch.Tensor) -> None:
    """Text beyond `max_tokens` is left out; the end counts in the limit."""
    _, is_token = language_model.log_likelihood(prompt[:1], ["carcinoma " * 50], max_tokens=7)

    assert is_token.shape == (1, 7)


def test_it_is_frozen(language_model: FrozenLanguageModel, prompt: torch.Tensor, texts: list[str]) -> None:
    """No weight takes a gradient, the prompt does, and `train()` leaves dropout off."""
    prompt.requires_grad_()

    parent = torch.nn.ModuleDict({"language_model": language_model}).train()
    language_model.log_likelihood(prompt, texts)[0].sum().backward()

    assert parent.training
    assert not any(module.training for module in language_model.modules())
    assert all(not weight.requires_grad and weight.grad is None for weight in language_model.parameters())
    assert prompt.grad is not None
    assert (prompt.grad.abs().sum((1, 2)) > 0).all()


@pytest.mark.parametrize("beams", [1, 3])
def test_generation_is_deterministic(language_model: FrozenLanguageModel, prompt: torch.Tensor, beams: int) -> None:
    """The same prompt gives the same text, whatever the random state and the rest of the batch."""
    first = language_model.generate(prompt, max_tokens=12, beams=beams)
    torch.manual_seed(99)

    assert language_model.generate(prompt, max_tokens=12, beams=beams) == first
    assert language_model.generate(prompt[1:2], max_tokens=12, beams=beams) == first[1:2]
    assert len(set(first)) > 1


def test_greedy_text_is_the_likeliest_step_by_step(language_model: FrozenLanguageModel, prompt: torch.Tensor) -> None:
    """Greedy generation takes the likeliest token after each other, as by hand."""
    embed = language_model.model.get_input_embeddings()
    ids = [1]
    for _ in range(8):
        logits = language_model.model(inputs_embeds=torch.cat([prompt[:1], embed(torch.tensor([ids]))], dim=1)).logits
        ids.append(int(logits[0, -1].argmax()))
        if ids[-1] == language_model.tokenizer.eos_token_id:
            break

    expected = language_model.tokenizer.decode(ids[1:], skip_special_tokens=True).strip()
    assert language_model.generate(prompt[:1], max_tokens=8) == [expected]


def test_the_width_of_a_prompt(language_model: FrozenLanguageModel) -> None:
    """A soft prompt is as wide as the model's word embeddings."""
    assert language_model.dim == 32
