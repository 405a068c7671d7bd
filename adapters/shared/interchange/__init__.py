"""Frames of other libraries, in and out: the one gate for polars, pandas and Arrow, and results as pandas and numpy."""
