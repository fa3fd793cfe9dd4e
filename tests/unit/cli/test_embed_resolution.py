"""`embed`: side and resolution that are not asked for are those of the encoder's card."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pathalign.cli.main import cli
from pathalign.domain.geometry import PatchSpec
from pathalign.encoders.encoder import EncoderCard
from pathalign.store.workspace import create_workspace
from pathalign.tasks.embedding import Embedding

pytestmark = pytest.mark.unit

CARD = EncoderCard(
    name="virchow9", embedding_dim=8, patch_px=256, patch_mpp=0.5, licence="MIT", source="test", weights_digest="0"
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the task was asked for."""
    seen: dict[str, Any] = {}

    def load(name: str, **how: Any) -> Any:
        seen.update(name=name, weights=how["weights"])
        return SimpleNamespace(card=CARD)

    def embed(*_: Any, spec: PatchSpec, int8_rows: bool, **__: Any) -> Embedding:
        seen.update(spec=spec, int8_rows=int8_rows)
        return Embedding(name="e", patches=1)

    monkeypatch.setattr("pathalign.encoders.registry.load_encoder", load)
    monkeypatch.setattr("pathalign.cli.embed._accelerated", lambda _, encoder, *__, **___: encoder)
    monkeypatch.setattr("pathalign.tasks.embedding.embed", embed)
    return seen


def run(tmp_path: Path, *arguments: str) -> Result:
    """`embed` in a workspace whose own encoder is there."""
    own = create_workspace(tmp_path / "ws").root / "models" / "encoder"
    own.mkdir(parents=True)
    (own / "manifest.json").write_text("{}")
    return CliRunner().invoke(cli, ["embed", "-w", str(tmp_path / "ws"), *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "px", "mpp", "told"),
    [
        ((), 224, 1.0, False),
        (("--encoder", "virchow9"), 256, 0.5, False),
        (("--encoder", "virchow9", "--mpp", "0.5"), 256, 0.5, False),
        (("--encoder", "virchow9", "--mpp", "1"), 256, 1.0, True),
        (("--encoder", "virchow9", "--patch-px", "224"), 224, 0.5, False),
    ],
)
def test_the_card_gives_side_and_resolution(
    tmp_path: Path, asked: dict[str, Any], arguments: tuple[str, ...], px: int, mpp: float, told: bool
) -> None:
    """Of a named encoder; what is asked for goes before it, and another resolution is said once."""
    done = run(tmp_path, *arguments)

    assert (asked["spec"].patch_px, asked["spec"].patch_mpp) == (px, mpp)
    assert done.output.count("virchow9 was made for 0.5 mpp; patches are read at 1, as asked for.") == told


def test_weights_are_handed_on(tmp_path: Path, asked: dict[str, Any]) -> None:
    """`--weights FILE` goes to the encoder of the card."""
    (tmp_path / "w.bin").write_bytes(b"")

    run(tmp_path, "--encoder", "uni", "--weights", str(tmp_path / "w.bin"))

    assert (asked["name"], asked["weights"]) == ("uni", tmp_path / "w.bin")


@pytest.mark.parametrize(
    ("arguments", "int8"), [((), False), (("--dtype", "float16"), False), (("--dtype", "int8"), True)]
)
def test_what_embeddings_are_stored_in(
    tmp_path: Path, asked: dict[str, Any], arguments: tuple[str, ...], int8: bool
) -> None:
    """Half precision, unless int8 is asked for."""
    assert run(tmp_path, *arguments).exit_code == 0

    assert asked["int8_rows"] is int8
