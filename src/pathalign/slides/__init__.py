"""Whole-slide images: opening, resolution, tissue, patches."""
