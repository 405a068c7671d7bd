"""What people call: the library's store, the Feast-style surface, the command line, and the wiring."""
