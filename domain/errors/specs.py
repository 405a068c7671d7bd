"""What can be wrong with specs and names, seen without reading data."""

from foreset.domain.errors.problem import CallerFault, Conflict


class InvalidSpec(CallerFault, frozen=True, kw_only=True):
    """A spec that contradicts itself."""

    spec: str
    problem: str
    remedy: str
    says = "{spec}: {problem}."
    then = "{remedy}."


class SecretInAddress(CallerFault, frozen=True, kw_only=True):
    """An address with a password, a key or a token in it, where the address would be recorded."""

    address: str
    says = (
        "The address {address} was given with a password, key or token in it (left out here), and would be recorded "
        "with it."
    )
    then = (
        "give it without, and the credential by the environment (such as AWS_SECRET_ACCESS_KEY, AZURE_STORAGE_SAS_KEY) "
        "or by storage_options, whose credentials are not recorded."
    )


class SpecUnreadable(CallerFault, frozen=True, kw_only=True):
    """A spec file that cannot be read or parsed. `where` holds line and column where they are known."""

    path: str
    where: str
    problem: str
    says = "The spec file {path}{where} cannot be read: {problem}."
    then = "mend the file or its path; YAML, TOML and JSON are understood, told apart by the ending of the file's name."


class UnknownField(CallerFault, frozen=True, kw_only=True):
    """A field that the spec does not have."""

    spec: str
    field: str
    known: tuple[str, ...]
    says = "{spec} has no field {field!r}."
    then = "{hint}The fields are: {known}."
    hint = ("field", "known")


class UnknownEntity(CallerFault, frozen=True, kw_only=True):
    """An entity that is not registered."""

    entity: str
    by: str = ""
    known: tuple[str, ...]
    says = "The entity {entity!r}{by} is not registered. Registered: {known}."
    then = (
        "{hint}Register it, before or in the same call: "
        "store.register(EntitySpec(name={entity!r}, join_keys=[...])), or `foreset apply FILE`."
    )
    hint = ("entity", "known")


class UnknownView(CallerFault, frozen=True, kw_only=True):
    """A feature view that is not registered."""

    view: str
    known: tuple[str, ...]
    says = "The feature view {view!r} is not registered. Registered: {known}."
    then = "{hint}Mend the name, or register the view: store.register(FeatureViewSpec(...)), or `foreset apply FILE`."
    hint = ("view", "known")


class UnknownFeature(CallerFault, frozen=True, kw_only=True):
    """A feature that its view does not have."""

    view: str
    feature: str
    known: tuple[str, ...]
    says = "The feature view {view!r} has no feature {feature!r}. It has: {known}."
    then = "{hint}Mend the name, or register the view with this feature."
    hint = ("feature", "known")


class MissingColumn(CallerFault, frozen=True, kw_only=True):
    """A column that a view needs and its table does not have."""

    view: str
    table: str
    at: str = ""
    column: str
    role: str
    columns: tuple[str, ...]
    remedy: str = "Mend the name in the spec, or map the column's name to it with field_mapping"
    says = (
        "The feature view {view!r} takes its {role} from the column {column!r}, "
        "which the table {table!r}{at} does not have. It has: {columns}."
    )
    then = "{hint}{remedy}."
    hint = ("column", "columns")


class UnfitType(CallerFault, frozen=True, kw_only=True):
    """A column whose type does not fit what the view says of it."""

    view: str
    column: str
    role: str
    dtype: str
    wanted: str
    remedy: str = (
        "declare a type that holds every value of the column, or write the column with the type that is wanted"
    )
    says = "The {role} {column!r} of the feature view {view!r} is {dtype} in its table, which does not fit {wanted}."
    then = "{remedy}."


class EntityInUse(CallerFault, frozen=True, kw_only=True):
    """An entity whose join keys cannot change, or that cannot go, because views name it."""

    entity: str
    views: tuple[str, ...]
    says = "The entity {entity!r} is in use by the feature views: {views}."
    then = "register the changed feature views in the same call, or remove them first."


class UnknownTrainingSet(CallerFault, frozen=True, kw_only=True):
    """An id that no receipt has."""

    id: str
    known: tuple[str, ...]
    says = "There is no training set {id!r} in this store. The newest are: {known}."
    then = "{hint}`foreset log` lists all of them."
    hint = ("id", "known")


class AmbiguousTrainingSet(CallerFault, frozen=True, kw_only=True):
    """The beginning of several ids."""

    id: str
    known: tuple[str, ...]
    says = "Several training sets of this store have ids that begin with {id!r}: {known}."
    then = "give more of the id; `foreset log` lists all of them."


NoSuchTrainingSet = UnknownTrainingSet | AmbiguousTrainingSet
"""Why an id names no training set."""


class StaleWrite(Conflict, frozen=True, kw_only=True):
    """Another writer appended to the same stream first."""

    stream: str
    expected: int
    actual: int
    says = (
        "Another process changed {stream!r} first: it is at version {actual}, not at {expected}. Nothing was written."
    )
    then = "call again; the decision is then made on what the other process wrote."
