"""What every patch encoder promises, as tests: packages that plug one in subclass `EncoderContract` in their own suite.

    class TestMine(EncoderContract):
        def encoder(self) -> PatchEncoder:
            return make_my_encoder()

pytest collects the inherited tests; nothing here imports it, so any runner that calls the methods will do. Every check
is a plain assertion whose message says the rule and what was seen.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from pathalign.encoders.encoder import PatchEncoder

SEED = 20240627
"""Of the patches that are drawn."""


class EncoderContract:
    """The promises of `PatchEncoder`; `encoder` has to be given."""

    tolerance = 2e-5
    """How far an embedding may differ between batches, as a share of the largest value; runtimes in half precision
    state more."""

    def encoder(self) -> PatchEncoder:
        """A fresh encoder of the same weights at every call."""
        raise NotImplementedError("Give the encoder that is to be tested.")

    def patches(self, count: int, *, px: int | None = None) -> UInt8[Tensor, "batch height width 3"]:
        """Random patches of the side that the card names."""
        side = px or self.encoder().card.patch_px
        generator = torch.Generator().manual_seed(SEED)
        return torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=generator)

    def test_is_a_patch_encoder(self) -> None:
        """It has the attributes of the protocol."""
        encoder = self.encoder()

        assert isinstance(encoder, PatchEncoder), f"{type(encoder).__name__} lacks a part of PatchEncoder"

    def test_card_states_facts(self) -> None:
        """The card names the encoder, its size, its licence and its weights, in values that can be right."""
        card = self.encoder().card

        assert card.name, "a card needs a name: the set of embeddings is called after it"
        assert card.licence, "a card needs a licence: everything derived inherits it"
        assert card.weights_digest, "a card needs the hash of the weights: it tells embeddings apart"
        assert card.embedding_dim > 0, f"embedding_dim must be positive, got {card.embedding_dim}"
        assert card.patch_px >= 16, f"patch_px must be at least 16, got {card.patch_px}"
        assert 0.05 <= card.patch_mpp <= 20, f"patch_mpp must lie within 0.05-20, got {card.patch_mpp}"
        assert min(card.std) > 0, f"std must be positive, got {card.std}"

    def test_card_survives_json(self) -> None:
        """What manifests record comes back as it was."""
        document = self.encoder().card.as_json()

        assert json.loads(json.dumps(document)) == document

    def test_digest_is_that_of_the_weights(self) -> None:
        """Loaded twice, the card is the same: a digest of times or addresses would make every set stale."""
        assert self.encoder().card == self.encoder().card

    def test_computes_is_recordable(self) -> None:
        """How it computes is text by name."""
        computes = dict(self.encoder().computes)

        assert computes, "say how it computes: it moves the last bits"
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in computes.items()), computes

    def test_shape_and_type(self) -> None:
        """One row of `embedding_dim` finite floats in single precision per patch."""
        encoder = self.encoder()

        embeddings = encoder.encode(self.patches(3))

        assert embeddings.shape == (3, encoder.card.embedding_dim), f"the card says {encoder.card.embedding_dim}"
        assert embeddings.dtype == torch.float32, f"embeddings are float32, got {embeddings.dtype}"
        assert bool(torch.isfinite(embeddings).all()), "an embedding is not finite"

    def test_odd_batches(self) -> None:
        """Any number of patches may come, one and seven among them."""
        encoder = self.encoder()

        for count in (1, 2, 7):
            assert len(encoder.encode(self.patches(count))) == count, f"a batch of {count} gave another number of rows"

    def test_no_patches(self) -> None:
        """An empty batch gives no rows of the right width: a slide may have no tissue."""
        encoder = self.encoder()

        assert encoder.encode(self.patches(0)).shape == (0, encoder.card.embedding_dim)

    def test_no_gradient(self) -> None:
        """Embeddings carry no graph: it would hold the memory of every batch."""
        assert not self.encoder().encode(self.patches(1)).requires_grad

    def test_deterministic(self) -> None:
        """The same patches give the same bytes, from this encoder and from one that is loaded anew."""
        encoder, patches = self.encoder(), self.patches(4)

        first = encoder.encode(patches)

        assert torch.equal(encoder.encode(patches), first), "a second call gave other bytes"
        assert torch.equal(self.encoder().encode(patches), first), "an encoder loaded anew gave other bytes"

    def test_a_patch_is_encoded_alone(self) -> None:
        """A patch has one embedding, whatever lies beside it in the batch and in whichever place."""
        encoder, patches = self.encoder(), self.patches(5)

        together = encoder.encode(patches)
        alone = torch.cat([encoder.encode(patches[index : index + 1]) for index in range(5)])
        turned = encoder.encode(patches.flip(0)).flip(0)

        self._assert_close(alone, together, "alone and among others")
        self._assert_close(turned, together, "in another order")

    def test_different_patches_differ(self) -> None:
        """Two patches with nothing in common have two embeddings."""
        side = self.encoder().card.patch_px
        black_and_white = torch.stack([torch.full((side, side, 3), value, dtype=torch.uint8) for value in (0, 255)])

        black, white = self.encoder().encode(black_and_white)

        assert not torch.allclose(black, white), "black and white have the same embedding"

    def test_layout_in_memory_does_not_matter(self) -> None:
        """Strided views are read as they are: patches are cut out of larger images."""
        encoder, patches = self.encoder(), self.patches(2)
        wide = torch.zeros((2, patches.shape[1], 2 * patches.shape[2], 3), dtype=torch.uint8)
        wide[:, :, ::2] = patches
        channels_first = patches.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)

        expected = encoder.encode(patches)

        self._assert_close(encoder.encode(wide[:, :, ::2]), expected, "as a strided view")
        self._assert_close(encoder.encode(channels_first), expected, "with channels first in memory")

    def test_input_is_left_alone(self) -> None:
        """The patches are not written to."""
        patches = self.patches(2)
        before = patches.clone()

        self.encoder().encode(patches)

        assert torch.equal(patches, before), "encode wrote into its input"

    def test_only_bytes_are_taken(self) -> None:
        """Floats are refused: whether they lie between 0 and 1 or 255 is not to be guessed."""
        encoder, patches = self.encoder(), self.patches(2)
        floats: Any = patches.float() / 255

        try:
            got = encoder.encode(floats)
        except (TypeError, ValueError, RuntimeError, AssertionError):
            return
        raise AssertionError(f"encode takes uint8 only, but made {tuple(got.shape)} of floats between 0 and 1")

    def test_moves(self) -> None:
        """`to` moves it, `device` says where it is, and a GPU if there is one gives nearly the same."""
        encoder, patches = self.encoder(), self.patches(2)
        expected = encoder.encode(patches)

        encoder.to(torch.device("cpu"))

        assert encoder.device.type == "cpu", f"after to(cpu) it says {encoder.device}"
        assert torch.equal(encoder.encode(patches), expected), "moving to where it was changed the embeddings"
        if torch.cuda.is_available():
            encoder.to(torch.device("cuda"))
            on_gpu = encoder.encode(patches)
            assert on_gpu.device.type == "cuda", f"after to(cuda) embeddings are on {on_gpu.device}"
            cosine = torch.nn.functional.cosine_similarity(on_gpu.cpu(), expected, dim=1).min().item()
            assert cosine > 0.99, f"the GPU's embeddings have cosine {cosine:.4f} to the CPU's"

    def _assert_close(self, seen: Tensor, expected: Tensor, how: str) -> None:
        scale = expected.abs().max().clamp(min=1e-6)
        share = ((seen - expected).abs().max() / scale).item()
        assert share <= self.tolerance, f"{how}, an embedding differs by {share:.1e} of the largest value"
