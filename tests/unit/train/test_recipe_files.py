"""Recipes from files and from trained models."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pathalign.errors import BadRecipe, UnknownName
from pathalign.store.artifact import write_manifest
from pathalign.train.recipes import (
    base_retrieval,
    generation_recipe,
    retrieval_recipe,
    tiny_generation,
    tiny_retrieval,
)

pytestmark = pytest.mark.unit

FOCAL = """
[size]
text_pooling = "mean"
neighbourhood_um = 672

[schedule]
steps = 7

[augmentation]
noise = 0.0
"""


def test_a_file_changes_what_it_says(tmp_path: Path) -> None:
    """All else is the first recipe's."""
    (tmp_path / "focal.toml").write_text(FOCAL)

    found, tiny = retrieval_recipe(str(tmp_path / "focal.toml")), tiny_retrieval()

    assert found.size == replace(tiny.size, text_pooling="mean", neighbourhood_um=672.0)
    assert isinstance(found.size.neighbourhood_um, float)
    assert found.schedule == replace(tiny.schedule, steps=7)
    assert found.augmentation == replace(tiny.augmentation, noise=0.0)


def test_a_file_names_the_recipe_that_it_changes(tmp_path: Path) -> None:
    """JSON says the same as TOML; null takes a text encoder away."""
    (tmp_path / "mine.json").write_text(json.dumps({"recipe": "base", "text_encoder": None, "size": {"layers": 6}}))

    found = retrieval_recipe(str(tmp_path / "mine.json"))

    assert found == replace(base_retrieval(), size=replace(base_retrieval().size, layers=6))


def test_the_recipe_of_a_trained_model(tmp_path: Path) -> None:
    """A model's folder gives the recipe that it was made by, down to the last number; of another kind it does not."""
    tiny = tiny_generation()
    recipe = replace(tiny, stage2=replace(tiny.stage2, steps=3, peak_lr=1e-7), slides_at_once=5)
    write_manifest(tmp_path, kind="generation", config=recipe.as_json(), parents={}, licence="")

    assert generation_recipe(str(tmp_path)) == recipe
    with pytest.raises(BadRecipe, match="is of 'generation', and what is trained is 'retrieval'"):
        retrieval_recipe(str(tmp_path))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ('[size]\ntext_poling = "mean"', r"mine\.toml: size: there is no option 'text_poling'; there are dim, layers"),
        ('[size]\ntext_pooling = "max"', r"mine\.toml: size: text_pooling must be one of 'class', 'mean', and"),
        ("[size]\ndim = 1.5", r"size: dim must be a whole number, and is 1\.5"),
        ("[size]\ndim = true", r"size: dim must be a whole number, and is True"),
        ("[size]\ndim = 130", r"size: dim must be a multiple of heads, got 130 and 4 heads"),
        ("[size]\ndropout = 1", r"size: dropout must be at least 0 and below 1"),
        ("[size]\nvocab = 0", r"vocab must be at least 1"),
        ("[augmentation]\nleast_share = 1.5", r"augmentation: max_patches must be at least 1, least_share within 0-1"),
        ("[schedule]\npeak_lr = 0", r"schedule: peak_lr and clip_norm must be above 0"),
        ("schedule = 3", r"schedule has options of its own: steps, batch"),
        ("text_encoder = 3", r"text_encoder must be a text or nothing, and is 3"),
        ("[size\n", r"mine\.toml cannot be read as TOML"),
    ],
)  # fmt: skip
def test_a_file_that_says_what_no_recipe_has(said: str, complaint: str, tmp_path: Path) -> None:
    """It is named, with what there is."""
    (tmp_path / "mine.toml").write_text(said)

    with pytest.raises(BadRecipe, match=complaint):
        retrieval_recipe(str(tmp_path / "mine.toml"))


def test_json_that_is_no_object(tmp_path: Path) -> None:
    """A list has no options."""
    (tmp_path / "mine.json").write_text("[1]")

    with pytest.raises(BadRecipe, match="must hold options by name"):
        retrieval_recipe(str(tmp_path / "mine.json"))


def test_a_file_on_a_recipe_that_there_is_not(tmp_path: Path) -> None:
    """The names are told, as for a name that is no file."""
    (tmp_path / "mine.toml").write_text('recipe = "huge"')

    with pytest.raises(UnknownName, match=r"changes the recipe 'huge', which there is not; choose one of tiny, base\."):
        retrieval_recipe(str(tmp_path / "mine.toml"))
    with pytest.raises(UnknownName, match=r"no recipe 'huge'; choose one of tiny, base, or name a file"):
        retrieval_recipe("huge")
