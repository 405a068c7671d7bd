"""Appends rows to a table one by one: `writer.py TABLE NAME COUNT OPTION=VALUE...`."""

import sys

import polars as pl

from foreset import write_to_delta_lake

table, name, count, *options = sys.argv[1:]
for number in range(int(count)):
    frame = pl.DataFrame({"writer": [name], "n": [number]})
    write_to_delta_lake(frame, table, storage_options=dict(option.split("=", 1) for option in options))
