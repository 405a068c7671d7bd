"""What can be wrong between Foreset and Feast: its objects, its repository, its stores."""

from foreset.domain.errors.problem import CallerFault


class OfflineStoreRefused(CallerFault, frozen=True, kw_only=True):
    """An offline store that this version does not run on."""

    store: str
    reason: str
    known: tuple[str, ...] = ("delta", "file")
    says = "offline_store_type={store!r} is refused: {reason}."
    then = "{hint}Use offline_store_type='delta', which reads Delta tables through their logs."
    hint = ("store", "known")


class SourceRefused(CallerFault, frozen=True, kw_only=True):
    """A Feast data source that is not a Delta table."""

    view: str
    source: str
    problem: str
    says = "The feature view {view!r} takes its features from {source}, {problem}."
    then = (
        "write the data with write_to_delta_lake(...), and name that table: "
        "create_file_source(path=get_delta_path(...), timestamp_field=...)."
    )


class FeastObjectRefused(CallerFault, frozen=True, kw_only=True):
    """A Feast entity or view that cannot be taken as it is."""

    object: str
    problem: str
    remedy: str
    says = "The Feast {object} cannot be used: {problem}."
    then = "{remedy}."


class RepositoryDiffers(CallerFault, frozen=True, kw_only=True):
    """A Feast repository that says something else than the call."""

    path: str
    setting: str
    found: str
    asked: str
    says = "{path} has {setting}: {found}, and the call asks for {asked}. The file was left as it is."
    then = "ask for what the file has, change the file, or give another repo_path."


class FeastNotSupported(CallerFault, frozen=True, kw_only=True):
    """Something that Feast asks of its offline store and that Foreset does not do."""

    operation: str
    remedy: str
    says = "Foreset's offline store does not support {operation}."
    then = "{remedy}."


FeastError = OfflineStoreRefused | SourceRefused | FeastObjectRefused | RepositoryDiffers | FeastNotSupported
"""Why something cannot be done with Feast."""
