"""`index`: the vectors of all slides and of all distinct texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathalign.domain.progress import Progress, silent
from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.model.folder import read_config
from pathalign.store.artifact import digest, read_manifest
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, read_bag
from pathalign.store.index import Index, read_index, write_index
from pathalign.store.workspace import Workspace
from pathalign.tasks.models import load_aligner, slide_vectors, text_vectors


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexing:
    """What `index` did."""

    slides: int
    texts: int
    slides_left_out: int

    def as_json(self) -> dict[str, object]:
        """The document of `index --json`."""
        return {"slides": self.slides, "texts": self.texts, "slides_left_out": self.slides_left_out}


def build_index(workspace: Workspace, *, device: str = "auto", progress: Progress = silent) -> Indexing:
    """Embed every slide that has tissue and every distinct text into the aligned space.

    Slides without embeddings or without tissue are left out; `embed` has recorded why.
    """
    loaded = load_aligner(workspace, device=device)
    with workspace.lock("index"), Catalog(workspace.catalog_path) as catalog:
        paths = {slide.slide_id: embedding_path(loaded.embeddings, slide.slide_id) for slide in catalog.slides()}
        bags = (read_bag(path, slide_id=slide_id) for slide_id, path in paths.items() if path.is_file())
        ids, vectors = [], []
        with progress("Indexing slides", len(paths)) as advance:
            for slide_id, vector in slide_vectors(loaded.model, (bag for bag in bags if len(bag))):
                ids.append(slide_id)
                vectors.append(vector)
                advance(1)
        if not ids:
            raise MissingArtifact("No slide has tissue to index. See `pathalign status --problems`.")
        first = {text.retrieval_key: text for text in reversed(catalog.texts())}
        texts = sorted(first.values(), key=lambda text: text.slide_id)
        index = Index(
            slide_ids=ids, slides=np.stack(vectors), text_ids=[text.slide_id for text in texts],
            texts=text_vectors(loaded.model, [text.retrieval_text for text in texts]),
        )  # fmt: skip
        write_index(
            workspace.index_folder,
            index,
            config={},
            parents=_parents(workspace, catalog),
            licence=loaded.manifest["licence"],
        )
    return Indexing(slides=len(ids), texts=len(texts), slides_left_out=len(paths) - len(ids))


def fresh_index(workspace: Workspace, catalog: Catalog) -> Index:
    """The index, if it was made from the model, embeddings and texts at hand; else raises `StaleArtifact`."""
    index, manifest = read_index(workspace.index_folder)
    if manifest["parents"] != _parents(workspace, catalog):
        raise StaleArtifact(
            "The model, the embeddings or the texts have changed since the index was made. Run `pathalign index`."
        )
    return index


def _parents(workspace: Workspace, catalog: Catalog) -> dict[str, str]:
    folder = workspace.model_folder("retrieval")
    model = read_manifest(folder, kind="retrieval", repair="Run `pathalign train retrieval`.")
    embeddings = workspace.embeddings_folder(read_config(folder)["embeddings"]["name"])
    current = read_manifest(embeddings, kind="patch embeddings", repair="Run `pathalign embed`.")
    texts = digest([[text.slide_id, text.retrieval_text] for text in catalog.texts()])
    return {"retrieval": model["id"], "embeddings": current["id"], "texts": texts}
