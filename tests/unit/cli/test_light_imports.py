"""What starts fast: nothing below the models loads torch, and neither does help."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

HEAVY = "heavy = sorted({'torch', 'transformers', 'timm', 'tensorflow'} & set(sys.modules)); assert not heavy, heavy"


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter."""
    return subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)


def test_importing_the_package_loads_next_to_nothing() -> None:
    """`import pathalign` loads no torch, no numpy and no reader, and opens no file."""
    done = python(
        f"import sys; import pathalign; {HEAVY}; assert not {{'numpy', 'openslide', 'h5py'}} & set(sys.modules)"
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_lower_half_loads_no_torch() -> None:
    """Every module of domain, store, slides, text and evaluate can be imported without torch."""
    program = f"""
import importlib, pkgutil, sys
for layer in ("domain", "store", "slides", "text", "evaluate"):
    package = importlib.import_module("pathalign." + layer)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
{HEAVY}
"""
    done = python(program)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["embed", "--help"], ["status"], ["encoders"], ["frobnicate"]], ids=" ".join
)
def test_help_and_errors_load_no_torch(arguments: list[str]) -> None:
    """What answers at once must not wait for torch."""
    run = f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass"
    done = python(f"import sys\nfrom pathalign.cli import main\n{run}\n{HEAVY}")

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_module_runs_as_the_command() -> None:
    """`python -m pathalign` is `pathalign`, with its exit codes."""
    good = subprocess.run([sys.executable, "-m", "pathalign", "--version"], capture_output=True, text=True, check=False)
    bad = subprocess.run([sys.executable, "-m", "pathalign", "no"], capture_output=True, text=True, check=False)

    assert (good.returncode, bad.returncode) == (0, 2)
    assert good.stdout.startswith("pathalign, version")
    assert bad.stdout == ""
