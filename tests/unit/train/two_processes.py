"""A script run by two real processes on gloo, and what each of them found."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch


def run_by_two(script: Path, folder: Path, *, timeout_s: float) -> None:
    """Start a script that forks into two processes and works in a folder; fails with what it said on stderr."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = str(listening.getsockname()[1])
    environment = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, str(script), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr


def found_by_two(folder: Path) -> list[dict[str, Any]]:
    """What each process has put into `found-RANK.pt`."""
    return [torch.load(folder / f"found-{rank}.pt", weights_only=False) for rank in (0, 1)]
