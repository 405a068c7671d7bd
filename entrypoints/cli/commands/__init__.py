"""What each command does, in files by capability: `pin`, `retention` and `vacuum` are in `retention`, for example."""
