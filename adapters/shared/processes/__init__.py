"""Processes that fork: which vendors' threads a child lacks, and the guard that refuses calls that need them."""
