"""The Feast-style surface: `FeastManager`, the workflow, Feast's objects, the engine of `DeltaOfflineStore`."""
