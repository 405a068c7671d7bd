"""Find where a key is, erase it, and record that this was done."""
