"""Loading the newest values of a view into an online store: which keys, and why."""
