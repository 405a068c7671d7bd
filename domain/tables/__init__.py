"""Tables as values: what a Delta log says, what changed between versions, and what a write may ask and do."""
