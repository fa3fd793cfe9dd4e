"""What encoders share that torch does not compute: a card, and the device on which embeddings are put."""

from __future__ import annotations

import torch

from pathalign.encoders.encoder import EncoderCard


class OutsideTorch:
    """Computes on the CPU, or with somebody else, whatever the device."""

    def __init__(self, card: EncoderCard) -> None:
        self._card = card
        self._device = torch.device("cpu")

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""
        return self._card

    @property
    def device(self) -> torch.device:
        """Where embeddings are put."""
        return self._device

    def to(self, device: torch.device) -> None:
        """Put embeddings there."""
        self._device = device
