"""Feast's own offline stores as executors of plans, with the laws restored that they break."""
