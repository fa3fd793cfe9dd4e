"""How many cores a process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pathalign.slides.workers.cores import usable_cores

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def groups(folder: Path, own: str, **quotas: str) -> tuple[Path, Path]:
    """A tree of control groups: `cpu.max` by name of the group, with `__` for a slash."""
    for name, quota in quotas.items():
        group = folder / "groups" / name.replace("root", "").replace("__", "/")
        group.mkdir(parents=True, exist_ok=True)
        (group / "cpu.max").write_text(quota + "\n")
    own_group = folder / "cgroup"
    own_group.write_text(f"2:cpu:/elsewhere\n0::/{own}\n")
    return folder / "groups", own_group


def test_a_quota_is_fewer_cores(tmp_path):
    """A container with 250 ms in every 100 has two whole cores."""
    assert usable_cores(*groups(tmp_path, "a", a="250000 100000")) == 2


def test_the_tightest_of_the_groups_counts(tmp_path):
    """A quota of a parent holds for its children."""
    assert usable_cores(*groups(tmp_path, "job/step", job="300000 100000", job__step="max 100000")) == 3


def test_less_than_a_core_is_one(tmp_path):
    """Something must compute."""
    assert usable_cores(*groups(tmp_path, "a", a="20000 100000")) == 1


def test_a_container_sees_its_quota_at_the_root(tmp_path):
    """Its own name is of a tree that it cannot see."""
    assert usable_cores(*groups(tmp_path, "gone/away", root="400000 100000")) == 4


def test_without_control_groups_affinity_counts(tmp_path):
    """macOS has none, and most machines set no quota."""
    assert usable_cores(tmp_path / "none", tmp_path / "neither") == 8
    assert usable_cores(*groups(tmp_path, "a", a="max 100000")) == 8
