"""One vendor per folder; each implements ports of `foreset.application.ports`."""
