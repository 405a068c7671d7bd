"""Rows of a table as they are: in a range of time, of changed keys, of one key; checks for nulls and ties."""
