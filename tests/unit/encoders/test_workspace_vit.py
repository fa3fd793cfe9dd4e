"""The vision transformer and its texture stem."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pathalign.encoders.texture import MOMENTS, STATISTICS, TextureStem
from pathalign.encoders.workspace_vit import (
    EXTREME_VARIATES,
    WorkspaceViT,
    WorkspaceViTConfig,
    normalise,
    quadrants_of,
)

pytestmark = pytest.mark.unit


def tissue(count: int, side: int = 64, *, seed: int = 0) -> Tensor:
    """Patches with purple blobs on pink, [patch, side, side, 3]."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 1, side // 8, side // 8, generator=random)
    nuclei = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear").squeeze(1)[..., None]
    noise = torch.rand(count, side, side, 3, generator=random) * 20
    return (torch.tensor([230.0, 170.0, 205.0]) - nuclei * torch.tensor([120.0, 110.0, 50.0]) + noise).to(torch.uint8)


def canonical_vit() -> WorkspaceViT:
    """A small ViT of the kind that pre-trains itself."""
    torch.manual_seed(0)
    vit = WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=32, depth=1, heads=2, stem="texture", canonical=5)).eval()
    for name, variates in vit.named_buffers():
        if name.endswith("variates"):  # what pre-training fits
            variates.normal_(std=len(variates) ** -0.5)
    return vit


@pytest.mark.parametrize("stem", ["linear", "texture"])
def test_embedding_has_the_stated_width(stem: str) -> None:
    """Class token and mean token, side by side."""
    vit = WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=32, depth=1, heads=2, stem=stem))  # type: ignore[arg-type]

    assert vit.embed(normalise(tissue(3))).shape == (3, vit.embedding_dim) == (3, 64)


def test_canonical_embedding_is_made_of_the_quadrants() -> None:
    """Projected as pre-training projects them, beside variates of words (mean, extremes) and of moments."""
    vit = canonical_vit()
    for buffer in (vit.variates, vit.word_variates, vit.words.centres, vit.words.to_invariant):
        torch.nn.init.normal_(buffer)
    images = normalise(tissue(2))
    found = vit.patch_embed.standardised(images)  # type: ignore[operator]
    corners = [found[:, y : y + 2, x : x + 2].flatten(1, 2) for y in (0, 2) for x in (0, 2)]

    half = vit.coarse.standardised(torch.nn.functional.avg_pool2d(images, 2))
    coarse_corners = [half[:, y : y + 1, x : x + 1].flatten(1, 2) for y in (0, 1) for x in (0, 1)]

    deep = torch.stack([vit.canonical(vit.seen_in(corner)) for corner in corners])
    words = torch.stack([vit.words(corner) @ vit.word_variates for corner in corners])
    coarse = torch.stack([vit.coarse_words(corner) @ vit.coarse_variates for corner in coarse_corners])
    moments = torch.stack([torch.cat([corner.mean(1), corner.std(1)], dim=1) for corner in corners])
    means = torch.cat([deep, words, coarse, moments @ vit.variates, moments @ vit.stained_variates], dim=2).mean(0)
    focal = words[:, :, :EXTREME_VARIATES]
    expected = torch.cat([means, focal.max(0).values, focal.min(0).values], dim=1)

    assert vit.embedding_dim == expected.shape[1]
    torch.testing.assert_close(vit.embed(images), expected, atol=1e-4, rtol=1e-4)


def test_the_middle_of_an_odd_number_of_tokens_is_in_both_halves() -> None:
    """Three rows and three columns: every quadrant has two of each, and the central token is in all."""
    square = torch.arange(9.0).view(1, 3, 3, 1)

    assert quadrants_of(square)[0, :, :, 0].tolist() == [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]


def test_a_turned_patch_has_the_same_canonical_embedding() -> None:
    """Statistics do not depend on orientation, nor does anything after them."""
    vit, patches = canonical_vit(), tissue(2)

    torch.testing.assert_close(
        vit.embed(normalise(patches.rot90(1, (1, 2)))), vit.embed(normalise(patches)), atol=1e-3, rtol=1e-3
    )


def test_statistics_turn_with_the_patch() -> None:
    """A quarter turn moves the tokens and changes none."""
    stem, patches = TextureStem(8, 16), tissue(2)

    found = stem.statistics(normalise(patches))
    turned = stem.statistics(normalise(patches.rot90(1, (1, 2))))

    assert found.shape == (2, STATISTICS, 4, 4)
    torch.testing.assert_close(turned, found.rot90(1, (2, 3)), atol=3e-3, rtol=1e-3)


def test_statistics_hardly_see_other_amounts_of_stain() -> None:
    """Density times 1.5 hardly moves statistics by the patch's own dyes; those by fixed dyes it moves a lot."""
    stem, images = TextureStem(8, 16), normalise(tissue(4))
    transmitted = images * stem.std + stem.mean
    darker = (transmitted**1.5 - stem.mean) / stem.std
    stem.calibrate(images)

    moved = (stem.standardised(darker) - stem.standardised(images)).abs().mean((0, 1, 2))

    assert moved[:-MOMENTS].mean() < 0.15
    assert moved[-MOMENTS:].mean() > 0.3


def test_dropped_tokens_are_not_encoded() -> None:
    """Of 16 tokens 3 are kept, beside the class token."""
    vit = WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=32, depth=1, heads=2))
    keep = torch.tensor([[0, 5, 9], [1, 2, 15]])

    assert vit(normalise(tissue(2)), keep).shape == (2, 4, 32)


def test_positions_are_interpolated_for_a_smaller_image() -> None:
    """A 32-pixel image has 4 tokens, and one of full size keeps its positions."""
    vit = WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=32, depth=1, heads=2))

    assert vit(normalise(tissue(1, side=32))).shape == (1, 5, 32)
    assert vit._positions(4, 4).equal(vit.pos_embed[:, 1:])


@pytest.mark.parametrize(
    "wrong",
    [{"image_px": 100}, {"dim": 190}, {"canonical": 4}, {"image_px": 48, "canonical": 4, "stem": "texture"}],
)
def test_impossible_sizes_are_refused(wrong: dict[str, object]) -> None:
    """Squares must tile the image, heads the width, quadrants the squares; quadrants need the texture stem."""
    with pytest.raises(ValueError, match=r"must be|even|texture"):
        WorkspaceViTConfig(**wrong)  # type: ignore[arg-type]
