"""Plans executed by polars and numpy; spines, results and reports as polars frames."""
