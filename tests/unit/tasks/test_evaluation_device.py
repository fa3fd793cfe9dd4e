"""`evaluate` and where it computes."""

from __future__ import annotations

import pytest

from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace
from pathalign.tasks.evaluation import evaluate

pytestmark = pytest.mark.unit


def test_a_device_that_is_not_there_is_refused_first(workspace: Workspace) -> None:
    """Before anything is read or measured: this workspace has neither index nor model to complain of."""
    with pytest.raises(NeedsRepair, match="--device auto"):
        evaluate(workspace, device="cuda:99")
