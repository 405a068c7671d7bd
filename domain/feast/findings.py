"""What goes wrong in a Feast repository without a word, by the offline store that it is on."""

from foreset.domain.finding import Finding, Severity

_SWITCH = (
    "say `offline_store: {{type: foreset.adapters.feast.offline_store.DeltaOfflineStore}}` in its feature_store.yaml"
)


class RowsBroughtBack(Finding, frozen=True, kw_only=True):
    """Files under a table that its log has taken out, and that are read."""

    severity: Severity = "error"
    table: str
    views: tuple[str, ...]
    files: int
    rows: str
    says = (
        "Feast's dask store reads every Parquet file under {table}, also those that are no part of it any more (files: "
        "{files:,}{rows}): rows that were deleted or overwritten are served by {views}."
    )
    then = f"{_SWITCH}; a vacuum would help only until the next change of the table."


class DeletedRowsServed(Finding, frozen=True, kw_only=True):
    """Rows that deletion vectors take out, and that are read."""

    severity: Severity = "error"
    table: str
    views: tuple[str, ...]
    rows: int
    says = (
        "Feast's dask store does not know deletion vectors: deleted rows of {table} (rows: {rows:,}) are served by "
        "{views}."
    )
    then = f"{_SWITCH}."


class LogRead(Finding, frozen=True, kw_only=True):
    """Parquet files that hold no rows of the table, and that are read as if they did."""

    severity: Severity = "error"
    table: str
    views: tuple[str, ...]
    files: tuple[str, ...]
    says = (
        "Feast's dask store takes the checkpoints and change files of {table} for its rows ({files}): retrieval from "
        "{views} fails."
    )
    then = f"{_SWITCH}."


class RowsTwice(Finding, frozen=True, kw_only=True):
    """Files whose rows were moved to others as they are, and that are read too."""

    severity: Severity = "warning"
    table: str
    views: tuple[str, ...]
    files: int
    says = (
        "Feast's dask store reads files of {table} that a compaction has replaced (files: {files:,}): their rows are "
        "there twice for {views}."
    )
    then = f"{_SWITCH}, or vacuum the table after each compaction."


class LogIgnored(Finding, frozen=True, kw_only=True):
    """Tables whose log is not read, whatever it says."""

    severity: Severity = "warning"
    views: tuple[str, ...]
    says = (
        "Feast's dask store reads the Parquet files under a Delta table and ignores its log: the first delete, merge "
        "or overwrite brings old rows back to {views}, and the first checkpoint stops retrieval."
    )
    then = f"{_SWITCH}."


class ExtensionNeeded(Finding, frozen=True, kw_only=True):
    """Tables that duckdb reads by an extension."""

    severity: Severity = "advice"
    views: tuple[str, ...]
    says = (
        "Feast's duckdb store reads the Delta tables of {views} with duckdb's extension `delta`, which it downloads "
        "when it is first needed."
    )
    then = f"install the extension where retrieval runs, or {_SWITCH}."


class JoinedOnNothing(Finding, frozen=True, kw_only=True):
    """A view without an entity."""

    severity: Severity = "error"
    view: str
    says = (
        "The view {view!r} has no entity: Feast joins each row that is asked for with every row of its table, and "
        "keeps one, whoever it belongs to."
    )
    then = "give the view an entity in Feast, and apply it again."


class EntityUnknown(Finding, frozen=True, kw_only=True):
    """Views whose entities are not registered, or were not when the view was applied."""

    severity: Severity = "error"
    view: str
    entities: tuple[str, ...]
    columns: tuple[str, ...]
    says = (
        "The view {view!r} has the entities {entities}, and Feast joins it on the columns: {columns}. It serves rows "
        "of other keys, or one row alone, without an error."
    )
    then = "apply the entities in Feast, and then the view again: registering the entities alone does not mend it."


class TiesByChance(Finding, frozen=True, kw_only=True):
    """Rows between which nothing decides."""

    severity: Severity = "error"
    view: str
    table: str
    count: int
    looked: str
    says = (
        "In {table} rows with the same key and event time have different features, and no created time tells them "
        "apart (pairs of key and time: {count:,}{looked}): which one {view!r} serves is left to chance."
    )
    then = "name the column that says when a row was written (`created_timestamp_column`), or take the doubles out."


class SupersededServed(Finding, frozen=True, kw_only=True):
    """Rows that were written again, of which the older one may be served."""

    severity: Severity = "error"
    view: str
    table: str
    count: int
    looked: str
    says = (
        "In {table} rows were written again later with other features (pairs of key and time: {count:,}{looked}), and "
        "Feast's dask store sorts by the created time in a way that its next sort undoes: {view!r} may serve "
        "superseded rows."
    )
    then = f"{_SWITCH}."


class NullTimesServed(Finding, frozen=True, kw_only=True):
    """Rows without an event time."""

    severity: Severity = "error"
    view: str
    table: str
    count: int
    looked: str
    says = (
        "{table} has rows without an event time (rows: {count:,}{looked}), and Feast's dask store serves them for "
        "{view!r} where no other row is early enough: values from any time, the future too."
    )
    then = f"{_SWITCH}, which leaves them out, or give the rows a time."


class NullKeysMatch(Finding, frozen=True, kw_only=True):
    """Rows without a key."""

    severity: Severity = "warning"
    view: str
    table: str
    count: int
    looked: str
    says = (
        "{table} has rows without a key (rows: {count:,}{looked}), and Feast's dask store serves them for {view!r} to "
        "every row that has none either."
    )
    then = f"{_SWITCH}, which matches no null key, or take the rows out."


class LateRowsMissed(Finding, frozen=True, kw_only=True):
    """Rows that came after their event time was loaded into the online store."""

    severity: Severity = "error"
    view: str
    table: str
    count: int
    until: str
    looked: str
    says = (
        "Rows of {table} were written after their event times, up to {until}, had been loaded into the online store "
        "(rows: {count:,}{looked}): `feast materialize-incremental` never loads them, and {view!r} serves old values "
        "online."
    )
    then = (
        "load by versions of the table, with `foreset materialize {view}`, or load their event times again with `feast "
        "materialize START END`, after each late delivery."
    )


class LateRowsWouldBeMissed(Finding, frozen=True, kw_only=True):
    """Views whose online values depend on rows coming in order."""

    severity: Severity = "warning"
    views: tuple[str, ...]
    says = (
        "`feast materialize-incremental` goes on from the last event time that it loaded, and begins one ttl ago: rows "
        "of {views} that are delivered late, or are older than the ttl then, never reach the online store."
    )
    then = (
        "load by versions of the table, with `foreset materialize`, or load late event times with `feast materialize "
        "START END`."
    )


class NamesClash(Finding, frozen=True, kw_only=True):
    """Names of features that are in several views."""

    severity: Severity = "advice"
    features: tuple[str, ...]
    views: tuple[str, ...]
    says = "The views {views} have features of the same name: {features}."
    then = "ask for them with full_feature_names=True, or in Foreset under another name: 'view:feature as other'."


class FeatureNamedAsKey(Finding, frozen=True, kw_only=True):
    """A feature with the name of a column that entity frames have."""

    severity: Severity = "error"
    view: str
    feature: str
    says = (
        "The feature {feature!r} of {view!r} has the name of a join key or of the time of entity frames: Feast's dask "
        "store gives the entity frame's own column under that name."
    )
    then = "give the feature another name, with field_mapping, or ask for it with full_feature_names=True."


class PathOfWorkingDirectory(Finding, frozen=True, kw_only=True):
    """Relative paths that lead elsewhere for another working directory."""

    severity: Severity = "warning"
    views: tuple[str, ...]
    says = (
        "The paths of {views} are relative, and Feast's duckdb store takes them from the working directory, not from "
        "the repository: another table may be read, or none."
    )
    then = f"write them as absolute paths, or {_SWITCH}."


class TimesWithoutZone(Finding, frozen=True, kw_only=True):
    """Times that do not say where they were told."""

    severity: Severity = "warning"
    table: str
    columns: tuple[str, ...]
    views: tuple[str, ...]
    says = (
        "Times of {table} have no zone ({columns}; views: {views}). Feast and Foreset read them as UTC: those told "
        "elsewhere are hours off, and early ones leak the future."
    )
    then = "write them with their zone, if they were not told in UTC."


class RelativeDatabase(Finding, frozen=True, kw_only=True):
    """A registry whose path leads elsewhere for another working directory."""

    severity: Severity = "warning"
    path: str
    says = (
        "The registry is a SQLite database at the relative path {path!r}, which Feast takes from the working directory."
    )
    then = "write an absolute path (sqlite:////...): elsewhere Feast makes an empty registry without a word."


class NotLookedAt(Finding, frozen=True, kw_only=True):
    """What could not be looked at, so that it may be trapped too."""

    severity: Severity = "warning"
    view: str
    problem: str
    says = "The table of {view!r} could not be looked at: {problem}."
    then = "mend that, and import again; until then nothing is said of what Feast makes of its rows."


FeastFinding = (
    RowsBroughtBack
    | DeletedRowsServed
    | LogRead
    | RowsTwice
    | LogIgnored
    | ExtensionNeeded
    | JoinedOnNothing
    | EntityUnknown
    | TiesByChance
    | SupersededServed
    | NullTimesServed
    | NullKeysMatch
    | LateRowsMissed
    | LateRowsWouldBeMissed
    | NamesClash
    | FeatureNamedAsKey
    | PathOfWorkingDirectory
    | TimesWithoutZone
    | RelativeDatabase
    | NotLookedAt
)
"""What is found in a Feast repository."""
