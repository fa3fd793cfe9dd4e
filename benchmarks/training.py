"""What training costs: ours beside BLIP-2 as it stands in the paper (`plain_blip2`), in operations, bytes and CPU time.

    python benchmarks/training.py [--full]

First both ways must give the same losses with the same weights, and the counter must agree with sums done by hand.
Operations and bytes are counted at full size, without numbers (`counting`), in bfloat16 with what CUDA would keep;
bytes of a slide are the difference of two batches, so that gradients of weights do not count. Ours is told where
patches lie, BLIP-2 is not. CPU seconds and memory of a real step are measured in float32 on one thread at 4 slides of
1,024 patches, in a process each, and are scaled by operations for the other sizes (marked ~) unless `--full` is given.
Inference takes turns in one process. Prints tables and writes benchmarks/out/training.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import torch
from counting import Cost, Counter, fakes
from peak_memory import forget_peak, peak_mb
from plain_blip2 import plain_like
from torch import Tensor, nn
from torch.nn import functional
from training_cases import (
    PAPER,
    Case,
    new_describer,
    new_plain,
    our_losses,
    plain_losses,
    retrieval_loss,
    two_phases,
    without_positions,
)  # fmt: skip
from training_input import TFLOP_PER_S, VIEW, input_rows, show_input
from training_loading import loading_rows, show_loading, waiting_goal

from pathalign.model.bags import BagBatch
from pathalign.model.blip2 import to_blip2
from pathalign.model.qformer import QFormerConfig

OUT = Path(__file__).parent / "out" / "training.json"
SIZES, BATCHES, MOST = (1024, 4096, 10_240), (4, 8), 10_240
MIXED = Case((512, 1024, 4096, 10_240), (16, 64, 32, 48))
AT_ONCE = 4
"""Slides of the second phase that are in memory at a time."""
ROUNDS = 5
PLAIN, ONE, TWO, R_ABSORBED, R_KEYS = (
    "BLIP-2 as it stands", "ours, one phase", "ours, two phases", "R, absorbed", "R, keys",
)  # fmt: skip


def _sum(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


STEPS: dict[str, tuple[Callable[[], nn.Module], Callable[[Any, BagBatch, Sequence[str]], Tensor | None]]] = {
    PLAIN: (new_plain, lambda model, bags, texts: _sum(plain_losses(model, bags, texts))),
    ONE: (new_describer, lambda model, bags, texts: _sum(our_losses(model, bags, texts))),
    TWO: (new_describer, lambda model, bags, texts: two_phases(model, bags, texts, AT_ONCE)),
    R_ABSORBED: (new_describer, lambda model, bags, texts: retrieval_loss(model, bags, texts, "absorbed")),
    R_KEYS: (new_describer, lambda model, bags, texts: retrieval_loss(model, bags, texts, "keys")),
}

PARTED = (ONE, R_ABSORBED)
"""Ways whose mixed batch is compared with its parts: both forms of cross-attention, and text."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="measure CPU seconds at every size; an hour and more")
    parser.add_argument("--step", nargs=3, metavar=("WAY", "PATCHES", "SLIDES"), help="one real step, as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.step:
        way, patches, slides = asked.step
        print(json.dumps(real_step(way, int(patches), int(slides))))
        return
    check_losses()
    check_counter()
    print("both ways have the same losses; the counter agrees with sums by hand\n")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found_of = {way: {case: pool.submit(count, way, case) for case in cases_of(way)} for way in STEPS}
        rows = [
            row for way, found in found_of.items()
            for row in rows_of(way, {case: cost.result() for case, cost in found.items()})
        ]  # fmt: skip
    measured(rows, full=asked.full)
    ratio, seconds = inference()
    show(rows)
    tflop = tflop_of_two(rows)
    reading = input_rows(tflop)
    show_input(reading)
    loading = loading_rows({patches: TFLOP_PER_S / each for patches, each in tflop.items()})
    show_loading(loading)
    found = [*goals(rows, ratio), waiting_goal(loading)]
    print(f"\none slide at inference: {seconds['ours']:.2f} CPU-s, transformers {seconds['transformers']:.2f}")
    for goal in found:
        print(f"{'holds' if goal['holds'] else 'FAILS':6} {goal['goal']}: {goal['value']} (target {goal['target']})")
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, torch {torch.__version__}, 1 thread"
    rows.append({"way": "inference", "seconds": seconds})
    OUT.write_text(
        json.dumps(
            {
                "name": "training", "machine": machine, "rows": rows, "input": reading, "loading": loading,
                "goals": found,
            },
            indent=2,
        )
    )  # fmt: skip


def check_losses() -> None:
    """Equal weights, a small case of uneven slides and texts: all three losses and the gradient of the queries."""
    describer = new_describer(small()).eval()
    shake(describer)
    describer.aligner.qformer.text_norm.load_state_dict(describer.aligner.qformer.query_norm.state_dict())
    plain = plain_like(describer).eval()
    case = Case((7, 2, 12), (9, 4, 6))
    bags, texts = case.bags(dim=12), case.texts(vocab=50)
    ours, theirs = our_losses(describer, bags, texts), plain_losses(plain, bags, texts)
    for name, loss in theirs.items():
        torch.testing.assert_close(ours[name], loss, atol=1e-5, rtol=1e-5)
    _sum(ours).backward()
    _sum(theirs).backward()
    gradients = describer.aligner.qformer.query_tokens.grad, plain.query_tokens.grad
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-4)


def small() -> QFormerConfig:
    """A size for `check_losses`."""
    return without_positions(
        QFormerConfig(
            embedding_dim=12, vocab=50, dim=32, layers=4, heads=4, ffn_dim=48, num_query_tokens=5, max_text_tokens=16
        )
    )


def shake(module: nn.Module) -> None:
    """Weights that are all at work."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if not name.endswith("log_temperature"):
                weight.add_(0.2 * torch.randn(weight.shape))


def check_counter() -> None:
    """Fused attention with its backward pass is seven products, and a look at patches is what the formulas say."""
    with fakes():
        query, key = (torch.empty(1, 4, length, 16, requires_grad=True) for length in (10, 100))
        with Counter() as counter:
            functional.scaled_dot_product_attention(query, key, key).sum().backward()
    assert counter.cost.flops == 7 * 2 * 4 * 10 * 100 * 16
    for form, by_hand in (("keys", by_hand_keys), ("absorbed", by_hand_absorbed)):
        one, two = (look(form, patches).flops for patches in (1024, 2048))
        assert two - one == by_hand(1024), f"{form}: counted {two - one}, by hand {by_hand(1024)}"


def look(form: str, patches: int) -> Cost:
    """One slide, forwards."""
    with fakes(), torch.no_grad():
        qformer, bags = new_describer().aligner.qformer, Case.even(patches, 1).bags()
        with Counter() as counter:
            qformer.look(qformer.remember(bags, form=form))  # type: ignore[arg-type]
    return counter.cost


def by_hand_keys(patches: int) -> int:
    """Six layers project each patch to a key and a value, and 32 queries meet both."""
    return 6 * 2 * (patches * PAPER.patch_width * 2 * 768 + 2 * 32 * patches * 768)


def by_hand_absorbed(patches: int) -> int:
    """Six layers, 32 queries of 12 heads: the scores of each patch and its share in the sum, at the patch's width."""
    return 6 * 2 * 2 * 32 * 12 * patches * PAPER.patch_width


def count(way: str, case: Case) -> Cost:
    """A training step without numbers."""
    make, step = STEPS[way]
    with fakes():
        model, bags, texts = make(), case.bags(), case.texts()
        with Counter() as counter, torch.autocast("cpu", torch.bfloat16):
            loss = step(model, bags, texts)
            counter.mark()
            if loss is not None:
                loss.backward()
    return counter.cost


def cases_of(way: str) -> list[Case]:
    """All that is counted of one way. More slides are counted at the largest size, where bytes come from."""
    parts = zip(MIXED.patches, MIXED.tokens, strict=True) if way in PARTED else ()
    even = [Case.even(patches, BATCHES[0]) for patches in SIZES]
    return [*even, Case.even(MOST, BATCHES[1]), MIXED, *(Case.even(patches, 2, tokens) for patches, tokens in parts)]


def rows_of(way: str, cost: dict[Case, Cost]) -> list[dict]:
    """The lines of one way: operations of a slide, and what a further slide adds in bytes."""
    rows: list[dict] = []
    few, many = (cost[Case.even(MOST, slides)] for slides in BATCHES)
    for case in cases_of(way)[:5]:
        slides, size = len(case.patches), "mixed" if case is MIXED else case.patches[0]
        row = {"way": way, "patches": size, "slides": slides, "tflop": cost[case].flops / slides / 1e12}
        if size == MOST:
            row |= {"peak_bytes": cost[case].peak}
            row |= {f"{name}_gb": (getattr(many, name) - getattr(few, name)) / 4e9 for name in ("held", "peak")}
        if case is MIXED and way in PARTED:  # each slide as if all were like it
            row["of_parts"] = cost[case].flops / sum(cost[part].flops / 2 for part in cases_of(way)[5:])
        rows.append(row)
    return rows


def real_step(way: str, patches: int, slides: int) -> dict[str, float]:
    """CPU seconds of a step, and the most memory of this process."""
    make, step = STEPS[way]
    model, case = make(), Case.even(patches, slides)
    bags, texts = case.bags(), case.texts()
    forget_peak()
    before, begin = peak_mb(), time.process_time()
    loss = step(model, bags, texts)
    if loss is not None:
        loss.backward()
    seconds = time.process_time() - begin
    return {"cpu_s": seconds, "rss_gb": (peak_mb() - before) * 2**20 / 1e9}


def measured(rows: list[dict], *, full: bool) -> None:
    """Adds CPU seconds of a step: measured at the smallest size, or everywhere."""
    for way in STEPS:
        own = [row for row in rows if row["way"] == way]
        for row in own:
            if isinstance(row["patches"], int) and (full or row is own[0]):
                row |= in_own_process(way, row["patches"], row["slides"])
        per_tflop = own[0]["cpu_s"] / (own[0]["tflop"] * own[0]["slides"])
        for row in own:
            if "cpu_s" not in row:
                row["cpu_s_scaled"] = per_tflop * row["tflop"] * row["slides"]


def in_own_process(way: str, patches: int, slides: int) -> dict[str, float]:
    """`real_step` where nothing was in memory before."""
    command = [sys.executable, __file__, "--step", way, str(patches), str(slides)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return json.loads(done.stdout)


@torch.no_grad()
def inference() -> tuple[float, dict[str, float]]:
    """One slide of 10,240 patches to 32 queries, absorbed, beside transformers with SDPA; they take turns."""
    from transformers import Blip2QFormerModel

    qformer = new_describer().eval().aligner.qformer
    config, weights = to_blip2(qformer)
    config._attn_implementation = "sdpa"
    blip2 = Blip2QFormerModel(config).eval()
    blip2.load_state_dict(weights)
    bags = Case.even(MOST, 1).bags()
    ways: dict[str, Callable[[], Tensor]] = {
        "ours": lambda: qformer.look(qformer.remember(bags, form="absorbed")).states,
        "transformers": lambda: (
            blip2(
                query_embeds=qformer.query_tokens, encoder_hidden_states=qformer.patch_input(bags)[None]
            ).last_hidden_state
        ),
    }
    torch.testing.assert_close(*(way() for way in ways.values()), atol=1e-4, rtol=1e-4)  # and warm
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            seconds[name].append(time.process_time() - begin)
    ratio = median(b / a for a, b in zip(seconds["ours"], seconds["transformers"], strict=True))
    return ratio, {name: median(values) for name, values in seconds.items()}


def tflop_of_two(rows: list[dict]) -> dict[int, float]:
    """Operations of a slide in two phases, whole and as a view of 2,048 patches; they grow evenly with the patches."""
    at = {row["patches"]: row["tflop"] for row in rows if row["way"] == TWO}
    low, high = SIZES[0], SIZES[1]
    view = at[low] + (at[high] - at[low]) * (VIEW - low) / (high - low)
    return {VIEW: view, MOST: at[MOST]}


def show(rows: list[dict]) -> None:
    print(
        f"{'way':20} {'patches':>7} {'slides':>6} {'TFLOP/slide':>11} {'of parts':>8} {'GB/slide':>8} {'peak':>6} "
        f"{'CPU-s':>8} {'RSS GB':>6}"
    )
    for r in rows:
        seconds = f"{r['cpu_s']:.1f}" if "cpu_s" in r else f"~{r['cpu_s_scaled']:.0f}"
        columns = [
            f"{r[name]:.3f}" if name in r else "-" for name in ("tflop", "of_parts", "held_gb", "peak_gb", "rss_gb")
        ]
        if r["way"] == TWO:  # what a further slide adds; nothing stays
            columns[2] = "-"
        print(
            f"{r['way']:20} {r['patches']:>7} {r['slides']:6} {columns[0]:>11} {columns[1]:>8} {columns[2]:>8} "
            f"{columns[3]:>6} {seconds:>8} {columns[4]:>6}"
        )


def goals(rows: list[dict], ratio: float) -> list[dict]:
    """What is to hold."""
    at = {(row["way"], row["patches"], row["slides"]): row for row in rows}
    one, two = at[ONE, MOST, BATCHES[1]], at[TWO, MOST, BATCHES[1]]
    twice = count(TWO, Case.even(MOST, 2 * BATCHES[1]))  # gradients of weights are there from the second batch on
    apart = max(abs(at[way, "mixed", 4]["of_parts"] - 1) for way in PARTED)
    table = [
        ("TFLOP for stage 1 of a slide of 10,240 patches", one["tflop"], 0.50, "<="),
        ("the same in two phases", two["tflop"], 0.54, "<="),
        ("GB that a slide leaves for the backward pass", one["held_gb"], 0.45, "<="),
        ("GB that a slide adds to the peak", one["peak_gb"], 0.45, "<="),
        ("peak of two phases, 16 slides to 8", twice.peak / two["peak_bytes"], 1.01, "<="),
        ("mixed slides and texts, from the sum of their parts", apart, 0.02, "<="),
        ("times transformers' SDPA at inference", ratio, 1.8, ">="),
    ]
    return [
        {
            "goal": goal, "value": round(value, 4), "target": f"{sign} {target}",
            "holds": value <= target if sign == "<=" else value >= target,
        }
        for goal, value, target, sign in table
    ]  # fmt: skip


if __name__ == "__main__":
    main()
