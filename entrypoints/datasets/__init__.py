"""Functions for Delta tables by name or path, and generated sample tables. They raise."""
