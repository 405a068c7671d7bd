"""Feast as plain values: repositories, the traps in them, its offline stores, and Foreset's tags."""
