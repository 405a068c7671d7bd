"""What a report or an audit says of leaks, gaps and ages: the plans that it asks, its numbers, and its findings."""
