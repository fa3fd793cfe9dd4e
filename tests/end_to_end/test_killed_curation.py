"""`curate` with a language model, killed while answers come: nothing half is left, and no answer is asked for twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pathalign.domain.records import Slide, Split
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.testing.chat_endpoint import ChatEndpoint, chat_endpoint

pytestmark = pytest.mark.e2e

CASES = 12


def cohort(root: Path) -> Workspace:
    """Reports without a diagnosis that rules find, one slide each."""
    workspace = create_workspace(root)
    with Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        for number in range(CASES):
            case = f"case{number:02d}"
            catalog.put_slide(Slide(slide_id=f"s{case}", path=None, patient_id=case, case_id=case, split=Split.TRAIN))
            catalog.put_report(case, f"MICROSCOPIC DESCRIPTION: chronic gastritis with atrophy, seen in {case}.")
    return workspace


def command(workspace: Workspace, endpoint: ChatEndpoint) -> list[str]:
    """`pathalign curate` that asks one report at a time."""
    options = ["--language-model", "m", "--endpoint", endpoint.url, "--model-workers", "1", "--json"]
    return [sys.executable, "-m", "pathalign", "curate", "-w", str(workspace.root), *options]


def texts(workspace: Workspace) -> list[str]:
    """Everything that was curated."""
    with Catalog(workspace.catalog_path) as catalog:
        return [str(text) for text in catalog.texts()]


def test_killed_and_resumed_is_one_run(tmp_path: Path) -> None:
    """Killed after some answers, the catalog is as before; the second run asks for the others alone."""
    sentence = {"text": "Chronic gastritis with atrophy", "quotes": ["chronic gastritis with atrophy"]}
    answer = {"parts": [{"label": "", "header": "", "retrieval": [sentence], "generation": [sentence]}]}
    killed, whole = cohort(tmp_path / "killed"), cohort(tmp_path / "whole")
    with chat_endpoint(lambda _: answer) as endpoint:
        endpoint.delay_s = 0.2
        process = subprocess.Popen(command(killed, endpoint), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(endpoint.asked) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        before = len(endpoint.asked)
        assert 5 <= before < CASES
        assert texts(killed) == []

        endpoint.delay_s = 0.0
        resumed = subprocess.run(command(killed, endpoint), capture_output=True, text=True, check=True)
        use = json.loads(resumed.stdout)["language_model"]
        after = len(endpoint.asked)
        subprocess.run(command(whole, endpoint), capture_output=True, text=True, check=True)

    assert use["cache_hits"] >= 3
    assert use["asked"] == after - before == CASES - use["cache_hits"]
    assert len(texts(killed)) == CASES
    assert texts(killed) == texts(whole)
