"""Views: deterministic, within what stains do, and masks that drop."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig
from pathalign.train.pathssl.views import StainJitter, crops, kept_tokens, restained

pytestmark = pytest.mark.unit


def tissue(count: int = 4, side: int = 32) -> Tensor:
    """Purple on pink, RGB between 0 and 1."""
    random = torch.Generator().manual_seed(0)
    nuclei = torch.rand(count, 1, side, side, generator=random)
    return torch.tensor([0.9, 0.7, 0.82])[:, None, None] - nuclei * torch.tensor([0.45, 0.4, 0.2])[:, None, None]


def test_the_middle_of_all_numbers_changes_nothing() -> None:
    """0.5 is no change of amount, hue and saturation; no blur is 0."""
    numbers = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.0]).repeat(4, 1)

    torch.testing.assert_close(restained(tissue(), numbers, StainJitter()), tissue(), atol=1e-5, rtol=0)


def test_stains_stay_within_what_tissue_takes() -> None:
    """Whatever is drawn, tissue is darkest in green: never green or yellow. White glass stays white."""
    numbers = torch.rand(256, 5, generator=torch.Generator().manual_seed(1))

    found = restained(tissue(256, 8), numbers, StainJitter())
    glass = restained(torch.ones(256, 3, 8, 8), numbers, StainJitter())

    assert 0 <= found.min() <= found.max() <= 1
    assert (found[:, 1] <= found[:, (0, 2)].amax(1)).all()
    torch.testing.assert_close(glass, torch.ones_like(glass))


def test_amount_scales_density() -> None:
    """With hue and saturation left alone, both stains at their most are density times e^amount."""
    numbers = torch.tensor([1.0, 1.0, 0.5, 0.5, 0.0]).repeat(2, 1)
    jitter = StainJitter(amount=0.2)
    stains = torch.nn.functional.normalize(torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]]), dim=1)
    density = torch.einsum("ds,ndhw->nshw", stains, torch.rand(2, 2, 8, 8, generator=torch.Generator().manual_seed(0)))

    found = -restained(density.neg().exp(), numbers, jitter).log()

    torch.testing.assert_close(found, density * torch.tensor(0.2).exp(), atol=1e-4, rtol=1e-4)


def test_a_view_depends_on_its_own_numbers_alone() -> None:
    """A patch alone looks as it does in a batch."""
    numbers = torch.rand(4, 11, generator=torch.Generator().manual_seed(2))

    def view(patches: Tensor, drawn: Tensor) -> Tensor:
        cut = crops(patches, drawn[:, :6], side_px=16, area=(0.3, 1.0))
        return restained(cut, drawn[:, 6:], StainJitter())

    together = view(tissue(), numbers)

    torch.testing.assert_close(view(tissue()[2:3], numbers[2:3]), together[2:3])
    assert view(tissue(), numbers).equal(together)


@pytest.mark.parametrize("quarter", range(4))
def test_a_crop_of_everything_is_the_patch_turned(quarter: int) -> None:
    """Area 1 in the middle, no stretch: a quarter turn of the patch, exactly."""
    numbers = torch.tensor([[0.0, 0.5, 0.5, 0.5, quarter / 4 + 0.1, 0.9]])

    found = crops(tissue(1), numbers, side_px=32, area=(1.0, 1.0))

    turned = [tissue(1).rot90(way * quarter, (2, 3)) for way in (1, -1)]
    assert any(torch.allclose(found, way, atol=1e-4) for way in turned)


def test_dropped_tokens_are_as_good_as_masked() -> None:
    """Encoding the kept tokens equals encoding all of them where nobody attends to the others."""
    torch.manual_seed(0)
    vit = WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=32, depth=2, heads=2)).eval()
    images = torch.randn(2, 3, 64, 64)
    keep = kept_tokens(torch.rand(2, 16, generator=torch.Generator().manual_seed(0)), 0.4)
    blocked = torch.ones(2, 17, dtype=torch.bool)
    blocked[:, 0] = False
    blocked.scatter_(1, keep + 1, False)
    scores = torch.zeros(2, 1, 1, 17).masked_fill(blocked[:, None, None], float("-inf"))

    plain = torch.nn.functional.scaled_dot_product_attention
    dropped = vit(images, keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            torch.nn.functional, "scaled_dot_product_attention",
            lambda q, k, v, **_: plain(q, k, v, attn_mask=scores),
        )  # fmt: skip
        masked = vit(images)

    assert dropped.shape == (2, 7, 32)
    expected = torch.cat([masked[:, :1], masked[:, 1:].gather(1, keep[:, :, None].expand(-1, -1, 32))], dim=1)
    torch.testing.assert_close(dropped, expected, atol=1e-5, rtol=1e-5)


def test_hues_that_tissue_does_not_take_are_refused() -> None:
    """A fifth of a turn makes tissue green."""
    with pytest.raises(ValueError, match=r"0\.2"):
        StainJitter(hue=0.2)
