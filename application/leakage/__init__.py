"""Report what leaks in a training set, and audit a frame that was made elsewhere."""
