"""Feast: its objects, its registry, and its offline store. Importing `feast` costs seconds, so only this folder does."""
