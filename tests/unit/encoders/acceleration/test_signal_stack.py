"""Signals are still heard after OpenVINO has come and gone."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino")

MADE = Path(__file__).parents[3] / "data" / "tiny_saved_model"

# The first model gives back a stack that the second has taken for the thread's own.
PROGRAM = f"""
import faulthandler, os, signal
from dataclasses import replace
from pathlib import Path
from pathalign.encoders.acceleration.signal_stack import signal_stack
from pathalign.encoders.cards import the_card
from pathalign.encoders.path_foundation import load_path_foundation

faulthandler.enable()
card = replace(the_card("path-foundation"), embedding_dim=8, patch_px=32)
heard = []
signal.signal(signal.SIGTERM, lambda *of: heard.append(of))
places = [signal_stack().place]
encoders = [load_path_foundation(Path({str(MADE)!r}), card) for _ in range(2)]
places.append(signal_stack().place)
os.kill(os.getpid(), signal.SIGTERM)
del encoders[0]
places.append(signal_stack().place)
os.kill(os.getpid(), signal.SIGTERM)
del encoders[0]
places.append(signal_stack().place)
os.kill(os.getpid(), signal.SIGTERM)
assert len(heard) == 3, heard
assert len(set(places)) == 1, places
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alternate signal stacks")
def test_two_models_leave_the_stack_of_signals() -> None:
    """Made and dropped in the same order, with signals between."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
