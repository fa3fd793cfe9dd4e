"""Patch encoders: from RGB bytes to embeddings."""
