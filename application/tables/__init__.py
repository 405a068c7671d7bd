"""Write a table, and record that it was written."""
