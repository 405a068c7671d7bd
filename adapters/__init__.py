"""One vendor a folder; each implements ports of `foreset.application.ports`. None imports another."""
