"""Spines and results: read, profiled, put together, fingerprinted, kept, and spilled to disk where they do not fit."""
