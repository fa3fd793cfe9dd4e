"""Patch embeddings that other programs wrote: TRIDENT, CLAM, STAMP, AtlasPatch, LazySlide.

Each layout is read into a `ForeignBag`, which says what the file says and no more; `placing` turns one into a grid.
"""
