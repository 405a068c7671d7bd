"""Which adapters a store uses: the one place that chooses them, with limits, addresses, arguments and logging."""
