"""Feast: its objects, its registry, and its offline store. Importing `feast` costs seconds: only this folder does."""
