"""Compare two training sets, and find what caused each change."""
