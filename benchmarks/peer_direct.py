"""Reads of a table as it lies: no time, no spine, no receipt."""

import polars as pl
from deltalake import DeltaTable
from ready import Job, Ready, whole


def polars(job: Job) -> Ready:
    """X and y of all rows."""
    asked, path = list(job.case.columns), str(job.case.views[0].table)
    return Ready(lambda: whole(pl.scan_delta(path).select(asked).collect(), job.case), answers=False)


def deltalake(job: Job) -> Ready:
    """The same through deltalake and pandas."""
    asked, path = list(job.case.columns), str(job.case.views[0].table)
    return Ready(lambda: whole(DeltaTable(path).to_pandas(columns=asked), job.case), answers=False)


def opened(job: Job) -> Ready:
    """The log, replayed; no file is read."""
    path = str(job.case.views[0].table)
    return Ready(lambda: DeltaTable(path), answers=False)
