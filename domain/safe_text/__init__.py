"""Texts that may be shown: addresses without secrets, escaped control characters, names of credentials."""
