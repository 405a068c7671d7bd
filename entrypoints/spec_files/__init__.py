"""Definitions, training sets and workflows in YAML, TOML or JSON files, with the line and column of a mistake."""
