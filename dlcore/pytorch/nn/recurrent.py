"""Recurrent layers and embeddings."""

__all__ = []
