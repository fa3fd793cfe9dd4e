"""What `doctor` says of GPUs, which the machines that test have not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pathalign.tasks.doctor import examine

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("count", "told"), [(1, False), (4, True)])
def test_several_gpus_can_share_a_training(
    count: int, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are more than one, it says how all are used, and how a large language model is spread over them."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a card")

    gpu = next(finding for finding in examine(tmp_path) if finding.what == "GPU")

    assert gpu.ok
    assert gpu.found.startswith(f"{count}, the first is a card")
    assert ("--nproc-per-node 4" in gpu.repair) == told
    assert ("--shard-llm" in gpu.repair) == told
