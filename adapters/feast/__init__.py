"""Feast: its objects, its registry, its stores. Only this folder imports `feast`, when a call needs it."""
