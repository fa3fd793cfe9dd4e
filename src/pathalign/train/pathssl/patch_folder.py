"""Rounds of patches from a folder of pictures: for those who have cut their patches already."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from pathalign.domain.records import Outcome
from pathalign.errors import MissingArtifact, RefusedSlide, UnreadableSlide
from pathalign.slides.sources.plain_image import PlainImageSource
from pathalign.train.pathssl.rounds import Lane, PatchSupply

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


class PatchFolder:
    """Reads rounds from the pictures below a folder, each the middle square of `patch_px`.

    A picture that is broken or smaller is noted in `outcomes`, and the round goes on without it.
    """

    def __init__(self, folder: Path, supply: PatchSupply, *, seed: int) -> None:
        """Raises `MissingArtifact` when there is no picture."""
        self._supply, self._seed, self._folder = supply, seed, folder
        self.names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES
        )
        self.outcomes: dict[str, tuple[Outcome, str]] = {}
        """Picture -> what became of it, of those that gave no patch."""
        self._last: list[str] = []
        if not self.names:
            raise MissingArtifact(
                f"There is no picture ({', '.join(SUFFIXES)}) below {folder.name}. Name a folder with patches as "
                "pictures, in sub-folders or not, or leave `--patches` out to train on the slides of the workspace."
            )

    def read(self, number: int, *, lanes: range, of: int) -> dict[int, Lane]:
        """The pictures of a round in the lanes asked for: all pictures once, in a drawn order, then all again."""
        px, total = self._supply.patch_px, len(self.names)
        count = max(of, min(self._supply.round_patches, total))
        places = [place for place in range(number * count, (number + 1) * count) if place % of in lanes]
        orders = {
            epoch: np.random.default_rng([self._seed, epoch]).permutation(total)
            for epoch in {place // total for place in places}
        }
        dealt = {lane: Lane() for lane in lanes}
        self._last = []
        for place in places:
            name = self.names[orders[place // total][place % total]]
            picture = self._picture(name)
            if picture is not None:
                dealt[place % of].add(picture[None])
                self._last.append(name)
        if len(lanes) == of and not any(len(lane) for lane in dealt.values()):
            _, reason = self.outcomes[min(self.outcomes)]
            raise MissingArtifact(
                f"None of {len(places)} pictures below {self._folder.name} gave a patch of {px} pixels, the first "
                f"because: {reason}. Name a folder of larger or whole pictures, or give a smaller `--patch-px`."
            )
        return dealt

    def labels(self) -> Int[Tensor, " patch"] | None:
        """The sub-folder of each patch of the last round, in the order of its places; None when all lie in one."""
        folders = [name.rpartition("/")[0] for name in self._last]
        known = sorted(set(folders))
        return torch.tensor([known.index(folder) for folder in folders]) if len(known) > 1 else None

    def _picture(self, name: str) -> UInt8[np.ndarray, "y x 3"] | None:
        px = self._supply.patch_px
        try:
            source = PlainImageSource(self._folder / name)
            width, height = source.levels[0].size_px
            if min(width, height) < px:
                self.outcomes[name] = Outcome.REFUSED, f"{name} has {width} x {height} pixels, a patch {px}"
                return None
            return source.read(0, (width - px) // 2, (height - px) // 2, px, px)
        except (UnreadableSlide, RefusedSlide, OSError) as error:
            self.outcomes[name] = Outcome.REFUSED if isinstance(error, RefusedSlide) else Outcome.FAILED, str(error)
            return None
