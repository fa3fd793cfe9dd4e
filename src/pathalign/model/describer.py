"""The describer (PathAlign-G): a Q-Former joined to a frozen language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch
from pathalign.model.cross_attention import PatchMemory
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.model.losses import draw_pairs, itc_loss, itg_losses, itm_losses, slide_text_similarity
from pathalign.model.qformer import Looked
from pathalign.model.texts import TextBatch


class Describer(nn.Module):
    """Stage 1 trains the Q-Former (contrast, matching, generation); stage 2 joins it to the language model."""

    def __init__(self, aligner: Aligner, language_model: FrozenLanguageModel) -> None:
        super().__init__()
        dim = aligner.qformer.config.dim
        self.aligner = aligner
        self.itm_head = nn.Linear(dim, 2)
        self.lm_transform = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim, eps=1e-12))
        self.lm_bias = nn.Parameter(torch.zeros(aligner.qformer.config.vocab))
        self.to_prompt = nn.Linear(dim, language_model.dim)
        self.language_model = language_model

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.aligner.device

    def prompt(
        self, bags: BagBatch, patch_bias: Float[Tensor, " patch"] | None = None
    ) -> Float[Tensor, "slide query width"]:
        """The soft prompt that tells the language model of each slide."""
        qformer = self.aligner.qformer
        return self.to_prompt(qformer.look(qformer.remember(bags, form="absorbed", patch_bias=patch_bias)).states)

    def generation_loss(self, bags: BagBatch, texts: Sequence[str]) -> Float[Tensor, ""]:
        """Stage 2: mean negative log-likelihood per token under the frozen language model."""
        log_p, is_token = self.language_model.log_likelihood(self.prompt(bags), texts)
        return -log_p.sum() / is_token.sum()

    def stage1_losses(
        self,
        bags: BagBatch,
        views: Sequence[str],
        texts: Sequence[str],
        is_positive: Bool[Tensor, "slide text"],
        generator: torch.Generator,
    ) -> dict[str, Float[Tensor, ""]]:
        """ITC on `views` of the texts, ITM with hard negatives and ITG on `texts`; one of each per slide.

        Keys and values of the patches are made once and serve the contrast and all matching pairs.
        """
        aligner, qformer = self.aligner, self.aligner.qformer
        memory = qformer.remember(bags)
        looked = qformer.look(memory)
        similarity = slide_text_similarity(aligner.project_slides(looked.states), aligner.embed_texts(views))
        read, written = (
            aligner.tokenizer.encode(texts, generating=generating).to(aligner.device) for generating in (False, True)
        )
        temperature = aligner.temperature
        pairs = draw_pairs(similarity.detach(), is_positive, temperature.detach(), generator)
        matched = self.match_logits(memory, pairs.slide, read.select(pairs.text))
        return {
            "itc_loss": itc_loss(similarity, is_positive, temperature),
            "itm_loss": itm_losses(matched, pairs.is_match).mean(),
            "itg_loss": itg_losses(*self.next_words(looked, written)).mean(),
        }

    def match_logits(
        self, memory: PatchMemory, slide_of_text: Int[Tensor, " text"], texts: TextBatch
    ) -> Float[Tensor, "text 2"]:
        """Whether each text belongs to the slide that is named for it: the mean over queries (index 1 = match)."""
        queries, _ = self.aligner.qformer.match(memory, slide_of_text, texts, wanted=torch.zeros_like(texts.is_first))
        return self.itm_head(queries).mean(1)

    def next_words(
        self, looked: Looked, texts: TextBatch
    ) -> tuple[Float[Tensor, "target vocab"], Int[Tensor, " target"]]:
        """Logits of every token but the first of each text, and these tokens; no other reaches the vocabulary."""
        qformer = self.aligner.qformer
        hidden = self.lm_transform(qformer.write(looked, texts, wanted=~texts.is_last))
        return functional.linear(hidden, qformer.word_embeddings.weight, self.lm_bias), texts.ids[~texts.is_first]

    @torch.no_grad()
    def describe(self, bags: BagBatch, *, max_tokens: int = 128, beams: int = 3) -> list[Description]:
        """A text for each slide, with the geometric mean of its tokens' probabilities."""
        prompt = self.prompt(bags)
        texts = self.language_model.generate(prompt, max_tokens=max_tokens, beams=beams)
        log_p, is_token = self.language_model.log_likelihood(prompt, texts)
        confidence = (log_p.sum(1) / is_token.sum(1)).exp()
        return [Description(text, float(p)) for text, p in zip(texts, confidence, strict=True)]

    @torch.enable_grad()
    def evidence(self, bags: BagBatch, text: str, spans: Sequence[tuple[int, int]]) -> Float[Tensor, "span patch"]:
        """How much each span of characters of a slide's text rests on each patch; each row sums to 1, or is 0.

        The gradient of the span's log-likelihood by the attention that all queries pay to a patch, where positive:
        to first order, what the span would lose if the patch were looked at less.
        """
        assert len(bags) == 1, "evidence is asked of one slide or case at a time"
        patch_bias = torch.zeros(len(bags.embeddings), device=bags.embeddings.device, requires_grad=True)
        log_p, _ = self.language_model.log_likelihood(self.prompt(bags, patch_bias), [text])
        tokenised = self.language_model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        rows = []
        for start, stop in spans:
            inside = [i for i, (a, b) in enumerate(tokenised["offset_mapping"]) if a < stop and b > start]
            inside = [i for i in inside if i < log_p.shape[1]]
            (gradient,) = torch.autograd.grad(log_p[0, inside].sum(), patch_bias, retain_graph=True)
            gain = gradient.clamp_min(0)
            rows.append(gain / gain.sum().clamp_min(1e-12))
        return torch.stack(rows).detach()


@dataclass(frozen=True, slots=True)
class Description:
    """What the describer says of a slide, and how sure its language model is."""

    text: str
    confidence: float
