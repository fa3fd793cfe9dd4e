"""The Hub's client as it is without network."""

from __future__ import annotations

import huggingface_hub.constants
import pytest


@pytest.fixture(autouse=True)
def hub_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client reads its environment once, on import, which may have been before the test."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
