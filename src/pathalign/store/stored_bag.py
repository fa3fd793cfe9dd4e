"""The patches of one slide wherever they are stored, and where those of many slides are: what training draws from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pathalign.domain.geometry import Bag
from pathalign.store.embedding_file import EmbeddingFile, open_bag
from pathalign.store.embeddings import embedding_path
from pathalign.store.shard_reader import ShardBag, ShardReader

StoredBag: TypeAlias = Bag | EmbeddingFile | ShardBag
"""In memory, in a file of its own, or in a shard. Of each, `rows` gives the embeddings of some patches and reads no
others."""


@dataclass(frozen=True, slots=True)
class BagFolder:
    """A set of embeddings with a file for each slide."""

    folder: Path

    @property
    def name(self) -> str:
        """Of the set."""
        return self.folder.name

    def __contains__(self, slide_id: str) -> bool:
        return embedding_path(self.folder, slide_id).is_file()

    def stored(self, slide_id: str) -> EmbeddingFile:
        """The patches of a slide, unread; raises `MissingArtifact` or `StaleArtifact`."""
        return open_bag(embedding_path(self.folder, slide_id), slide_id=slide_id)


BagSource: TypeAlias = BagFolder | ShardReader
"""`name` of a set, whether a slide is `in` it, and its patches as they are `stored`."""
