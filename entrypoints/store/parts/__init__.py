"""The groups of a store's calls, such as `store.tables` and `store.log`, of now and of a past store."""
