"""Pages for people: HTML that needs nothing but itself; by Jinja."""
