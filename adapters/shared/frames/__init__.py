"""Column types and frames that fit a table: names of types, Arrow and polars, what is cast and what is refused."""
