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
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.model.losses import draw_hard_negatives, itc_loss, itg_losses, itm_loss, slide_text_similarity


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

    def prompt(
        self, bags: BagBatch, patch_bias: Float[Tensor, "batch patch"] | None = None
    ) -> Float[Tensor, "batch query width"]:
        """The soft prompt that tells the language model of each slide."""
        return self.to_prompt(self.aligner.qformer.queries(bags, patch_bias))

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
        """ITC on `views` of the texts, ITM with hard negatives and ITG on `texts`; one of each per slide."""
        aligner = self.aligner
        similarity = slide_text_similarity(aligner.embed_slides(bags), aligner.embed_texts(views))
        ids, is_token = (x.to(aligner.device) for x in aligner.tokenizer.encode(texts))
        slide, text, is_match = self.matching_pairs(similarity.detach(), is_positive, generator)
        return {
            "itc_loss": itc_loss(similarity, is_positive, aligner.temperature),
            "itm_loss": itm_loss(self.matching_logits(bags, slide, ids, is_token, text), is_match),
            "itg_loss": self.itg_losses(bags, texts).mean(),
        }

    def match_logits(
        self, bags: BagBatch, ids: Int[Tensor, "pair token"], is_token: Bool[Tensor, "pair token"]
    ) -> Float[Tensor, "pair 2"]:
        """Whether each text belongs to its slide: the mean over queries (index 1 = match)."""
        queries, _ = self.aligner.qformer.joint(bags, ids, is_token, causal=False)
        return self.itm_head(queries).mean(1)

    def matching_pairs(
        self,
        similarity: Float[Tensor, "slide text"],
        is_positive: Bool[Tensor, "slide text"],
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " pair"], Int[Tensor, " pair"], Bool[Tensor, " pair"]]:
        """Slide, text and whether they match, of the pairs of ITM: every slide with its own text, with a hard negative
        text, and every text with a hard negative slide. `similarity` is without gradient; slide i has text i.
        """
        temperature = self.aligner.temperature.detach()
        slides = torch.arange(len(similarity), device=similarity.device)
        with_negative, texts = draw_hard_negatives(similarity, is_positive, temperature, generator)
        of_text, wrong_slides = draw_hard_negatives(similarity.T, is_positive.T, temperature, generator)
        slide = torch.cat([slides, with_negative, wrong_slides])
        text = torch.cat([slides, texts, of_text])
        return slide, text, torch.arange(len(slide), device=slides.device) < len(slides)

    def matching_logits(
        self,
        bags: BagBatch,
        slide: Int[Tensor, " pair"],
        ids: Int[Tensor, "text token"],
        is_token: Bool[Tensor, "text token"],
        text: Int[Tensor, " pair"],
    ) -> Float[Tensor, "pair 2"]:
        """`match_logits` of pairs that are given by the places of their slide and text."""
        pairs = BagBatch(bags.embeddings[slide], bags.xy_um[slide], bags.is_patch[slide])
        return self.match_logits(pairs, ids[text], is_token[text])

    def itg_losses(self, bags: BagBatch, texts: Sequence[str]) -> Float[Tensor, " target"]:
        """The loss of ITG at every token that is to be written."""
        qformer = self.aligner.qformer
        ids, is_token = (x.to(self.aligner.device) for x in self.aligner.tokenizer.encode(texts, generating=True))
        _, hidden = qformer.joint(bags, ids, is_token, causal=True)
        logits = functional.linear(self.lm_transform(hidden), qformer.word_embeddings.weight, self.lm_bias)
        return itg_losses(logits[:, :-1], ids[:, 1:], is_token[:, 1:])

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
        patch_bias = torch.zeros(bags.is_patch.shape, device=bags.is_patch.device, requires_grad=True)
        log_p, _ = self.language_model.log_likelihood(self.prompt(bags, patch_bias), [text])
        tokenised = self.language_model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        rows = []
        for start, stop in spans:
            inside = [i for i, (a, b) in enumerate(tokenised["offset_mapping"]) if a < stop and b > start]
            inside = [i for i in inside if i < log_p.shape[1]]
            (gradient,) = torch.autograd.grad(log_p[0, inside].sum(), patch_bias, retain_graph=True)
            gain = gradient[0].clamp_min(0)
            rows.append(gain / gain.sum().clamp_min(1e-12))
        return torch.stack(rows).detach()


@dataclass(frozen=True, slots=True)
class Description:
    """What the describer says of a slide, and how sure its language model is."""

    text: str
    confidence: float
