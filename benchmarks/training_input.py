"""What a training run of 350,000 slides must read, from the operations that `training` counted for a slide.

Sums alone: no disk and no GPU is measured here. Rates are of one H100 (989 dense bfloat16 TFLOP/s by its data sheet)
at a quarter of that.
"""

from __future__ import annotations

SLIDES, GPUS, PATCHES, VIEW, DIM, PAGE = 350_000, 8, 10_240, 2048, 384, 4096
TFLOP_PER_S = 989 / 4
PLACE = 8
"""Bytes of a patch's place."""


def pages_touched(row: int) -> float:
    """Share of a file's pages that hold one of VIEW random rows among PATCHES; a row lies on one page or on two."""
    rows_of_page = (PAGE + row) / row
    return 1 - (1 - VIEW / PATCHES) ** rows_of_page


def input_rows(tflop: dict[int, float]) -> list[dict]:
    """The ways to store and read, by `tflop`, the operations of a slide of so many patches in two phases."""
    half, byte = 2 * DIM + PLACE, DIM + 4 + PLACE  # int8 with a float32 scale for each row
    return [
        input_row("float16, all patches", half, PATCHES, 1.0, tflop),
        input_row("int8 per row, all patches", byte, PATCHES, 1.0, tflop),
        input_row("float16, 2,048 random rows", half, VIEW, PATCHES / VIEW * pages_touched(half), tflop),
        input_row("float16, 2,048 in whole pages", half, VIEW, 1.0, tflop),
        input_row("int8 per row, 2,048 in whole pages", byte, VIEW, 1.0, tflop),
    ]


def input_row(name: str, patch: int, patches: int, excess: float, tflop: dict[int, float]) -> dict:
    """`excess` is what is read for each byte that is wanted."""
    rate = TFLOP_PER_S / tflop[patches]
    slide = patch * patches * excess
    return {
        "input": name, "stored_tb": SLIDES * PATCHES * patch / 1e12, "mb_per_slide": slide / 1e6,
        "tflop": tflop[patches], "slides_per_s": rate, "gb_per_s": rate * slide / 1e9,
        "gb_per_s_8": GPUS * rate * slide / 1e9, "minutes_per_epoch": SLIDES / (GPUS * rate) / 60,
    }  # fmt: skip


def show_input(rows: list[dict]) -> None:
    print(
        f"\n{'input of ' + f'{SLIDES:,} slides':36} {'TB stored':>9} {'MB/slide':>8} {'TFLOP':>6} {'slides/s':>8} "
        f"{'GB/s':>6} {'on 8 GPUs':>9} {'min/epoch':>9}"
    )
    for r in rows:
        print(
            f"{r['input']:36} {r['stored_tb']:9.2f} {r['mb_per_slide']:8.2f} {r['tflop']:6.3f} "
            f"{r['slides_per_s']:8.0f} {r['gb_per_s']:6.2f} {r['gb_per_s_8']:9.1f} {r['minutes_per_epoch']:9.1f}"
        )
