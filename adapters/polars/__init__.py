"""Plans executed by polars, spines read and kept with it."""
