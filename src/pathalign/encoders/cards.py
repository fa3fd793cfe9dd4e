"""Facts of the public patch encoders that people use, from `cards.toml`; nothing heavy is imported to read them."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from pathalign.errors import UnknownName

if TYPE_CHECKING:
    from pathalign.encoders.encoder import EncoderCard

Adapter = Literal["public_vit", "transformers_vision", "path_foundation"]
Interpolation = Literal["bicubic", "bilinear"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicCard:
    """What must be known of a public encoder before its weights are here."""

    name: str
    """What people type."""
    title: str
    """What its owner calls it."""
    hub: str
    """OWNER/NAME on the Hugging Face Hub."""
    weights: str
    """The file of the repository that holds the weights; a folder for a Keras model."""
    adapter: Adapter
    """The module of this package that loads it."""
    embedding_dim: int
    patch_px: int
    """Side of the patches that its card says to cut."""
    patch_mpp: float
    """Resolution to cut them at, in micrometres per pixel: its training resolution, the recommended one of several."""
    image_px: int
    """Side of the image that the network takes."""
    resize_px: int | None = None
    """Side that a patch is resized to before the middle `image_px` are cut out; None resizes to `image_px` itself."""
    interpolation: Interpolation = "bicubic"
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Of RGB between 0 and 1."""
    pooling: str
    """What of the output tokens becomes the embedding; registers are never among the patch tokens."""
    architecture: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `ViTConfig`, where the adapter is `public_vit`."""
    timm: str = ""
    """The model of timm that has this architecture, where there is one."""
    licence: str
    """SPDX identifier, or the words of its card."""
    gated: bool
    """Whether the owner has to grant access first."""
    access: str = ""
    """What the owner asks of those who want access."""
    citation: str
    """Where it is described: an arXiv number or a DOI."""
    notes: str = ""
    """What else is worth knowing before it is used."""
    million_parameters: float | None = None
    """As published, of the part that is used here; None where nobody says."""
    sources: tuple[str, ...] = ()
    """Where the facts were read."""
    unverified: tuple[str, ...] = ()
    """Fields of this card that could not be verified."""
    aliases: tuple[str, ...] = ()
    """Other names that people type."""

    @property
    def page(self) -> str:
        """Its page on the Hub."""
        return f"https://huggingface.co/{self.hub}"

    def encoder_card(self, *, weights_digest: str, source: str | None = None) -> EncoderCard:
        """The card of the encoder once its weights are loaded; `source` is this model's page unless given."""
        from pathalign.encoders.encoder import EncoderCard

        return EncoderCard(
            name=self.name, embedding_dim=self.embedding_dim, patch_px=self.patch_px, patch_mpp=self.patch_mpp,
            licence=self.licence, source=source or self.page, weights_digest=weights_digest, mean=self.mean,
            std=self.std, pooling=self.pooling, gated=self.gated,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The whole card."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        lists = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return {**values, **lists, "architecture": dict(self.architecture), "page": self.page}


@functools.cache
def public_cards() -> Mapping[str, PublicCard]:
    """Every card by its name, in the order of the file."""
    text = resources.files("pathalign.encoders").joinpath("cards.toml").read_text(encoding="utf-8")
    return {name: _card(name, values) for name, values in tomllib.loads(text).items()}


def public_card(name: str) -> PublicCard | None:
    """The card called `name`, by name, alias or Hub name, whatever the case; None when there is none."""
    return _by_any_name().get(name.lower())


def nearest_names(name: str) -> list[str]:
    """Names of cards that look like `name`: what may have been meant."""
    return difflib.get_close_matches(name.lower(), list(public_cards()), n=3, cutoff=0.6)


def the_card(name: str) -> PublicCard:
    """As `public_card`; raises `UnknownName` with the nearest names when there is none."""
    if (card := public_card(name)) is not None:
        return card
    near = nearest_names(name)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UnknownName(f"There is no card of an encoder called {name}. {meant}`pathalign encoders` lists them.")


@functools.cache
def _by_any_name() -> Mapping[str, PublicCard]:
    cards = public_cards().values()
    return {each.lower(): card for card in cards for each in (card.name, card.hub, *card.aliases)}


def _card(name: str, values: Mapping[str, Any]) -> PublicCard:
    tuples = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return PublicCard(**{"name": name, **values, **tuples})
