"""Load views into an online store, read it, and compare it with the tables."""
