"""Label rows in CSV files: records, types and times, with nothing guessed."""
