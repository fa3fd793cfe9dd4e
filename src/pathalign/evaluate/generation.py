"""Generated text against reference text: overlap scores per slide and over the cohort, and agreement of labels.

Overlap says little alone: a constant text reaches a decent BLEU on reports. Callers put the scores beside those of the
constant-text, nearest-neighbour and shuffled-image baselines. All scores are shares, 0 to 1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from pathalign.errors import NeedsRepair
from pathalign.evaluate.bootstrap import Estimate, mean_by_patient, statistic_by_patient

_WORD = re.compile(r"[^\W_]+")


def generation_scores(
    generated: Sequence[str],
    references: Sequence[str],
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Mean over slides of each of `generation_items`, and `corpus_bleu` of all slides taken together.

    Slides with an empty reference are left out; `n` counts the others. An empty generated text (an abstention)
    scores 0.
    """
    scores = {
        name: mean_by_patient(values, patients, resamples=resamples, seed=seed)
        for name, values in generation_items(generated, references).items()
    }
    scores["corpus_bleu"] = _corpus_bleu(generated, references, patients, resamples=resamples, seed=seed)
    return scores


def generation_items(generated: Sequence[str], references: Sequence[str]) -> dict[str, Float[np.ndarray, " slide"]]:
    """Scores of each slide, for a table of slides: `bleu4`, `chrf`, `rouge_l`, `exact`; NaN where the reference is
    empty.

    `bleu4` is sentence BLEU with effective order (sacrebleu, 13a tokens; Post 2018), `chrf` is chrF2 of sacrebleu
    (Popovic 2015), `rouge_l` is `rouge_l_f1`, and `exact` is 1 where both are equal but for case, spaces and the final
    stop.
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    _require_pairs(generated, references)
    bleu = BLEU(effective_order=True)
    chrf = CHRF()
    scorers = {
        "bleu4": lambda text, reference: bleu.sentence_score(text, [reference]).score / 100,
        "chrf": lambda text, reference: chrf.sentence_score(text, [reference]).score / 100,
        "rouge_l": rouge_l_f1,
        "exact": lambda text, reference: float(_normal(text) == _normal(reference)),
    }
    return {
        name: np.array(
            [
                score(text, reference) if reference.strip() else np.nan
                for text, reference in zip(generated, references, strict=True)
            ],
            dtype=np.float64,
        )
        for name, score in scorers.items()
    }


def rouge_l_f1(text: str, reference: str) -> float:
    """F1 of the longest common subsequence of words, case ignored, no stemming (Lin 2004); 0 where either has no word.

    The length is found with one big integer per text instead of a table (Hyyro 2004): bit i stays set until word i of
    the reference ends one more common subsequence.
    """
    words, reference_words = _WORD.findall(text.lower()), _WORD.findall(reference.lower())
    if not words or not reference_words:
        return 0.0
    positions: dict[str, int] = {}
    for position, word in enumerate(reference_words):
        positions[word] = positions.get(word, 0) | 1 << position
    every_bit = (1 << len(reference_words)) - 1
    unmatched = every_bit
    for word in words:
        hit = unmatched & positions.get(word, 0)
        unmatched = ((unmatched + hit) | (unmatched - hit)) & every_bit
    common = len(reference_words) - unmatched.bit_count()
    return 2 * common / (len(words) + len(reference_words))


def agreement(
    generated_labels: Sequence[object | None],
    true_labels: Sequence[object | None],
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Share of slides whose generated text says the true label (a diagnosis, a grade, a procedure).

    A true label of None is unknown and left out; a generated label of None where the truth is known is wrong.
    """
    _require_pairs(generated_labels, true_labels)
    is_right = np.array(
        [
            np.nan if truth is None else float(said is not None and bool(said == truth))
            for said, truth in zip(generated_labels, true_labels, strict=True)
        ],
        dtype=np.float64,
    )
    return mean_by_patient(is_right, patients, resamples=resamples, seed=seed)


def _corpus_bleu(
    generated: Sequence[str], references: Sequence[str], patients: Sequence[str], *, resamples: int, seed: int
) -> Estimate:
    """BLEU-4 of the whole cohort, resampled on the n-gram counts of slides so that each text is tokenised once."""
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(effective_order=True)
    kept = [i for i, reference in enumerate(references) if reference.strip()]
    scores = [bleu.sentence_score(generated[i], [references[i]]) for i in kept]
    counts = np.array([[*s.counts, *s.totals, s.sys_len, s.ref_len] for s in scores], dtype=np.int64).reshape(-1, 10)

    def of_slides(slides: np.ndarray) -> float:
        total = [int(count) for count in counts[slides].sum(axis=0)]
        return BLEU.compute_bleu(total[:4], total[4:8], total[8], total[9], smooth_method="exp").score / 100

    return statistic_by_patient(of_slides, [patients[i] for i in kept], resamples=resamples, seed=seed)


def _normal(text: str) -> str:
    """Case, width of characters, runs of spaces and a final stop do not matter; "ER+" and "ER-" stay apart."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".; ")


def _require_pairs(generated: Sequence[object], references: Sequence[object]) -> None:
    if len(generated) != len(references):
        raise NeedsRepair(
            f"Each generated text or label is compared with one true one, but there are {len(generated)} and "
            f"{len(references)}. Pass both in the order of the slides."
        )
