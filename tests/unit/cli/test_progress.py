"""What long work shows while it runs, and who speaks when several processes work together."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pathalign.cli import console
from pathalign.cli.main import main
from pathalign.domain.progress import Notable, silent

pytestmark = pytest.mark.unit

WORDS = "itc 2.000 · 5.3 items/s · [17%] waiting"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_words_stand_beside_a_bar_or_at_its_end(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    """As they are, never read as markup: beside the bar of a terminal, else in the last line."""
    shown = Console(force_terminal=is_terminal, width=140, file=io.StringIO(), highlight=False)
    monkeypatch.setattr(console, "ERR", shown)

    with console.progress_bar("Training", 2) as advance:
        advance(2)
        assert isinstance(advance, Notable)
        advance.note("older")
        advance.note(WORDS)

    said = shown.file.getvalue()  # type: ignore[attr-defined]
    assert WORDS in said
    if not is_terminal:
        assert said == f"Training: 2 to do\nTraining: 2 done in 0 s ({WORDS})\n"
    with silent("Training", 2) as nothing:
        assert not isinstance(nothing, Notable)


def test_only_the_first_process_speaks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Under torchrun the others print no document; what goes wrong there is said with the number of the process."""
    monkeypatch.setenv("RANK", "1")

    console.emit(True, {"steps": 1}, lambda: console.say("done"))
    with pytest.raises(SystemExit) as left:
        main(["status", "--json", "-w", "/nowhere"])

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("pathalign (process 1): /nowhere is not a PathAlign workspace")
    assert left.value.code == 2
