"""What can be wrong between Foreset and Feast: its objects, its repository, its stores."""

from foreset.domain.errors.problem import CallerFault, WorldFault
from foreset.domain.errors.system import OutOfReach


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


class RepositoryMissing(CallerFault, frozen=True, kw_only=True):
    """A folder that is no Feast repository."""

    path: str
    says = "{path} is no Feast repository: it has no feature_store.yaml."
    then = "give the folder that holds feature_store.yaml."


class RepositoryUnreadable(CallerFault, frozen=True, kw_only=True):
    """A feature_store.yaml that is no Feast configuration, or that Feast cannot use here."""

    path: str
    problem: str
    says = "The Feast repository cannot be opened by {path}: {problem}."
    then = "mend the file, or install what it names."


class RegistryMissing(CallerFault, frozen=True, kw_only=True):
    """A Feast repository without a registry."""

    registry: str
    says = "The Feast registry {registry} is not there, so the repository has no definitions yet."
    then = "run `feast apply` in the repository, or mend `registry` in its feature_store.yaml."


class RegistryNotRead(CallerFault, frozen=True, kw_only=True):
    """A kind of registry that cannot be read here."""

    registry_type: str
    says = "A Feast registry of the type {registry_type!r} is not read here: those in files and SQL databases are."
    then = "apply the definitions to a repository with a registry of the type 'file' or 'sql', and give that."


class Unpublishable(CallerFault, frozen=True, kw_only=True):
    """A definition for which Feast has no place."""

    object: str
    problem: str
    remedy: str
    says = "The {object} cannot be published to Feast: {problem}. Feast's registry was left as it was."
    then = "{remedy}."


class RegistryDamaged(WorldFault, frozen=True, kw_only=True):
    """A registry file that Feast cannot read, or would read as empty, in a repository that Foreset did not make."""

    registry: str
    says = "The Feast registry {registry} is damaged or empty. It was left as it is."
    then = "restore it from a backup, or delete it and run `feast apply` with the repository's own definitions."


class RegistryUnreadable(WorldFault, frozen=True, kw_only=True):
    """A registry that cannot be read or written: a database that is away, a driver that is not installed."""

    registry: str
    problem: str
    says = "The Feast registry {registry} cannot be used: {problem}."
    then = "mend what stopped it, such as the database, its address or its driver, and call again."


class FeastNotSupported(CallerFault, frozen=True, kw_only=True):
    """Something that Feast asks of its offline store and that Foreset does not do."""

    operation: str
    remedy: str
    says = "Foreset's offline store does not support {operation}."
    then = "{remedy}."


FeastError = OfflineStoreRefused | SourceRefused | FeastObjectRefused | RepositoryDiffers | FeastNotSupported
"""Why something cannot be done with Feast."""

RepositoryReadError = (
    RepositoryMissing
    | RepositoryUnreadable
    | RegistryMissing
    | RegistryNotRead
    | RegistryDamaged
    | RegistryUnreadable
    | OutOfReach
)
"""Why a Feast repository cannot be read."""

PublishError = Unpublishable | RegistryDamaged | RegistryUnreadable | OutOfReach
"""Why nothing could be published to Feast."""
