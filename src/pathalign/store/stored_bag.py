"""The patches of one slide wherever they are stored: what training draws rows from."""

from __future__ import annotations

from typing import TypeAlias

from pathalign.domain.geometry import Bag
from pathalign.store.embedding_file import EmbeddingFile

StoredBag: TypeAlias = Bag | EmbeddingFile
"""In memory, or in a file of its own. Of either, `rows` gives the embeddings of some patches and reads no others."""
