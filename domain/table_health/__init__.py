"""What a check finds in a table: in its log, its files and its data, decided from what was observed."""
