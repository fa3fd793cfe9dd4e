"""Writes tests/data/tiny_saved_model: a small random vision transformer, and what TensorFlow makes of it.

    python tests/reference/make_saved_model.py

Needs TensorFlow (2.21 wrote what is there), which the project itself does not. The network has the layers of a public
one (patch projection, class token, LayerNorm, attention, exact GELU) at a size of some kilobytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

OUT = Path(__file__).parents[1] / "data" / "tiny_saved_model"
PX, TOKEN, DIM, HEADS = 32, 16, 8, 2


class TinyViT(tf.Module):
    """RGB between 0 and 1 to the class token."""

    def __init__(self) -> None:
        super().__init__()
        random = np.random.default_rng(0)

        def weight(*shape: int) -> tf.Variable:
            return tf.Variable(random.normal(size=shape).astype(np.float32) * shape[0] ** -0.5)

        tokens = (PX // TOKEN) ** 2 + 1
        self.kernel, self.cls, self.positions = weight(TOKEN, TOKEN, 3, DIM), weight(1, 1, DIM), weight(1, tokens, DIM)
        self.kernel.assign(self.kernel / TOKEN)
        self.qkv, self.out = weight(DIM, 3 * DIM), weight(DIM, DIM)
        self.up, self.down = weight(DIM, 16), weight(16, DIM)

    def norm(self, x: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-6)

    @tf.function(input_signature=[tf.TensorSpec([None, PX, PX, 3], tf.float32, name="inputs")])
    def serve(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = tf.shape(pixels)[0]
        x = tf.reshape(tf.nn.conv2d(pixels, self.kernel, TOKEN, "VALID"), [batch, -1, DIM])
        x = tf.concat([tf.tile(self.cls, [batch, 1, 1]), x], 1) + self.positions
        q, k, v = (
            tf.transpose(tf.reshape(part, [batch, -1, HEADS, DIM // HEADS]), [0, 2, 1, 3])
            for part in tf.split(self.norm(x) @ self.qkv, 3, -1)
        )
        mixed = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * (DIM // HEADS) ** -0.5) @ v
        x += tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, -1, DIM]) @ self.out
        x += tf.nn.gelu(self.norm(x) @ self.up, approximate=False) @ self.down
        return {"output_0": self.norm(x)[:, 0]}


def main() -> None:
    model = TinyViT()
    tf.saved_model.save(model, str(OUT), signatures={"serving_default": model.serve})
    (OUT / "fingerprint.pb").unlink(missing_ok=True)
    patches = np.random.default_rng(1).integers(0, 256, (3, PX, PX, 3), dtype=np.uint8)
    known = tf.saved_model.load(str(OUT)).signatures["serving_default"](inputs=tf.constant(patches / 255, tf.float32))
    np.savez(OUT / "known.npz", patches=patches, embeddings=known["output_0"].numpy())


if __name__ == "__main__":
    main()
