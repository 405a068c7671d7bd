"""What users define and register: specs, and the registry with its commands, events, catalog, `decide` and `evolve`."""
