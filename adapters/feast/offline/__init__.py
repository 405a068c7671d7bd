"""What Feast calls when Foreset is its offline store: requests, entity frames, pulls, writes, jobs, options."""
