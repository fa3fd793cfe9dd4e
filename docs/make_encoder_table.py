"""Writes the table of docs/encoders.md from the cards, so that it can never say something else. `make docs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pathalign.encoders.cards import PublicCard, public_cards

PAGE = Path(__file__).parent / "encoders.md"
START, END = "<!-- cards -->\n", "<!-- end of cards -->"
COLUMNS = ("name", "encoder", "dim", "px", "mpp", "pooling", "licence", "gated", "described in")


def page() -> str:
    """The whole page, with the table as the cards have it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    head = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
    return before + START + head + "".join(_rows()) + END + after


def _rows() -> Iterator[str]:
    for card in public_cards().values():
        cells = [
            f"`{card.name}`", f"[{card.title}]({card.page})", str(card.embedding_dim), _doubted(card, "patch_px"),
            _doubted(card, "patch_mpp"), card.pooling, _doubted(card, "licence"), _doubted(card, "gated"),
            card.citation,
        ]  # fmt: skip
        yield f"| {' | '.join(cells)} |\n"


def _doubted(card: PublicCard, field: str) -> str:
    value = getattr(card, field)
    told = (
        ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}" if field == "patch_mpp" else str(value)
    )
    return f"{told} ?" if field in card.unverified else told


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
