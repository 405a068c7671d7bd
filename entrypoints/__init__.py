"""What people call: the library facade, the Feast-style surface, the command line, and the wiring."""
