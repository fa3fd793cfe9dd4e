"""Weights of public encoders from the Hugging Face Hub: what is on this machine already, and the rest by download.

Without network the answer comes at once: one request asks whether the file can be had, before the client that retries.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from pathalign.encoders.cards import PublicCard
from pathalign.errors import MissingWeights

PATIENCE_S = 5.0
"""How long the Hub may take to answer."""


def needed_files(card: PublicCard) -> tuple[str, ...]:
    """What the adapter of a card reads from its repository."""
    if card.adapter == "transformers_vision":
        return ("config.json", card.weights)
    return (card.weights,)


def cached_weights(card: PublicCard) -> Path | None:
    """The file (for a Keras model: the folder) in the Hub's cache on this machine, or None; asks no network."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{card.hub.replace('/', '--')}"
    reference = folder / "refs" / "main"
    if not reference.is_file():
        return None
    snapshot = folder / "snapshots" / reference.read_text(encoding="utf-8").strip()
    if not all((snapshot / name).is_file() for name in needed_files(card)):
        return None
    return snapshot if card.adapter == "path_foundation" else snapshot / card.weights


def hub_weights(card: PublicCard) -> Path:
    """The cached file, or a downloaded one; raises `MissingWeights`, with what to do, when it cannot be had."""
    if (cached := cached_weights(card)) is not None:
        return cached
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url, snapshot_download
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        _refuse(card, "HF_HUB_OFFLINE is set, so nothing is downloaded")
    no_answer: tuple[type[Exception], ...] = (HfHubHTTPError.__bases__[0], OSError)  # the first is its HTTP library's
    try:
        get_hf_file_metadata(hf_hub_url(card.hub, card.weights), timeout=PATIENCE_S)
        if card.adapter == "path_foundation":
            return Path(snapshot_download(card.hub))
        for name in needed_files(card):
            path = hf_hub_download(card.hub, name)
        return Path(path)
    except GatedRepoError as error:
        _refuse(card, "its owner has to grant access first, and has not granted it to this machine's token", error)
    except (RepositoryNotFoundError, EntryNotFoundError) as error:
        _refuse(card, "the Hub shows no such file to this machine's token", error)
    except no_answer as error:
        _refuse(card, f"the Hub does not answer ({type(error).__name__})", error)


def steps(card: PublicCard) -> list[str]:
    """What to do until its weights are here, in order."""
    access = f"Open {card.page}, log in and {card.access}." if card.gated else ""
    token = "Run `hf auth login` here once." if card.gated else ""
    one_file = "folder" if card.adapter in ("path_foundation", "transformers_vision") else "file"
    download = f"Run `pathalign embed --encoder {card.name}` with network access: it downloads {card.weights}."
    local = (
        f"Without network: download {card.page} elsewhere, copy it here, and give the {one_file} with "
        f"`pathalign embed --encoder {card.name} --weights {one_file.upper()}`."
    )
    return [step for step in (access, token, download, local) if step]


def _refuse(card: PublicCard, why: str, cause: BaseException | None = None) -> NoReturn:
    raise MissingWeights(
        f"The weights of {card.name} are not on this machine: {why}. {' '.join(steps(card))}"
    ) from cause
