"""What users ask for: entities, sources, feature views, training sets.

All are frozen and validated at construction and at decoding. A spec that contradicts itself raises
`CallerError` (a `ValueError`) when it is constructed; what a spec says of tables is checked when it is
registered.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from foreset.domain.definitions.csv_columns import format_problem, has_no_format, type_problem
from foreset.domain.definitions.field_hints import (
    Flag,
    KnownAt,
    MaybeDtype,
    MaybeInteger,
    MaybeLength,
    MaybeZone,
    Names,
    PathText,
    Texts,
    Versions,
    taken,
)
from foreset.domain.definitions.field_types import NAMED, Fitting, Unfit, fitting, instant_of, shown
from foreset.domain.dtypes import is_dtype
from foreset.domain.errors.problem import raised
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.notebooks import card
from foreset.domain.safe_text.secret_names import Options

if TYPE_CHECKING:
    from foreset.domain.definitions.field_hints import Taken

    EntityNames = Taken[tuple[str, ...], "Iterable[str | EntitySpec] | EntitySpec"]
    Features = Taken["tuple[FeatureField | str, ...]", "Iterable[FeatureField | str] | FeatureField"]
else:
    EntityNames = tuple[Annotated[str, NAMED], ...]
    Features = tuple["FeatureField | str", ...]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all specs have.

    Each field is fitted to its type when a spec is constructed, as it is when one is decoded: see `field_types` for
    what else is taken. A spec's own `_validate` then sees values of these types alone.
    """

    def __post_init__(self) -> None:
        """Validate."""
        for name, fit in _fittings(type(self)):
            given = getattr(self, name)
            try:
                value = fit(given)
            except Unfit as unfit:
                self._refuse(f"{name}{unfit.at} {unfit.problem}", unfit.remedy)
            if value is not given:
                force_setattr(self, name, value)
        self._validate()

    def __repr__(self) -> str:
        """Its fields, without the credentials in them."""
        return redacted(super().__repr__())

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich."""
        fields = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, redacted(value) if isinstance(value, str) else value) for name, value in fields]

    def _repr_html_(self) -> str:
        """The same for notebooks: the fields that are not as by default."""
        defaults = dict(zip(reversed(self.__struct_fields__), reversed(self.__struct_defaults__), strict=False))
        facts = [
            (name, value) for name, value in self.__rich_repr__() if value != defaults.get(name, msgspec.NODEFAULT)
        ]
        return card(type(self).__name__, facts)

    def _validate(self) -> None:
        """Refuse what contradicts itself."""

    def _refuse(self, problem: str, remedy: str) -> NoReturn:
        name = getattr(self, "name", None)
        title = f"{type(self).__name__}({name!r})" if isinstance(name, str) and name else type(self).__name__
        raise raised(InvalidSpec(spec=title, problem=problem, remedy=remedy))

    def _names(self, field: str, *, required: bool = True) -> None:
        names = getattr(self, field)
        if required and not names:
            self._refuse(f"{field} is empty", f"name at least one in {field}")
        for name in names:
            if isinstance(name, str) and not name.strip():
                self._refuse(f"{field} holds an empty name", f"mend {field}")

    def _distinct(self, field: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self._refuse(f"{field} names {name!r} twice", f"name it once in {field}")
            seen.add(name)

    def _named(self) -> None:
        name = getattr(self, "name", "")
        if not name or any(c in ":@ /\\" for c in name):
            self._refuse("its name is empty or holds one of ': @ / \\' or a space", "give another name")

    def _known_at(self, given: object) -> datetime | str | tuple[datetime, str] | None:
        if not isinstance(given, (list, tuple)):
            return None if given is None else self._moment(given)
        found = [self._moment(item) for item in given]
        times = [item for item in found if isinstance(item, datetime)]
        if len(found) == 2 and len(times) == 1:  # noqa: PLR2004  # a time, and each row's own
            return times[0], "event_time"
        if len(found) != 1:
            self._refuse(f"known_at is {shown(given)}", "give one time, or one time and 'event_time'")
        return found[0]

    def _moment(self, given: object) -> datetime | str:
        if isinstance(given, str):
            text = str.__str__(given)
            if text == "event_time":
                return text
            try:
                given = datetime.fromisoformat(text)
            except ValueError:
                self._refuse(f"known_at is {text!r}", "give a time in ISO 8601, or 'event_time'")
        given = instant_of(given)
        if not isinstance(given, datetime):
            self._refuse(f"known_at is {shown(given)}", "give a datetime, 'event_time', both in a list, or None")
        return self._instant(given)

    def _instant(self, given: datetime, field: str = "known_at") -> datetime:
        """The time in UTC, as a plain datetime: times of pandas are of a kind that no event holds."""
        try:
            if getattr(given, "nanosecond", 0):
                self._refuse(f"{field} is {shown(given)}", "give a time in whole microseconds")
            moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
            return datetime.combine(moment.date(), moment.time(), UTC)
        except (ValueError, OverflowError):  # NaT, or outside of the years 1 to 9999
            self._refuse(f"{field} is {shown(given)}", "give a time in the years 1 to 9999")


@cache
def _fittings(kind: type[Spec]) -> tuple[tuple[str, Fitting], ...]:
    """What fits each field of a spec to its type."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((name, fitting(hints[name])) for name in kind.__struct_fields__)


class EntitySpec(Spec, frozen=True):
    """A thing that features describe, and the columns that identify it.

    `join_keys` are column names, the same in spines and in the tables of the views (see
    `DeltaSource.field_mapping` for tables that name them otherwise).
    """

    name: str
    join_keys: Names
    description: str | None = None
    tags: Texts = taken(default={})
    owner: str | None = None

    def _validate(self) -> None:
        self._named()
        self._names("join_keys")
        self._distinct("join_keys", self.join_keys)


class DeltaSource(Spec, frozen=True):
    """A Delta table and the columns that say when its rows hold and when they were written.

    `table` is a dataset name, looked up in the data folder, or the path or URL of a table. `timestamp_field` is the
    event time: from when on a row's values hold. `created_timestamp_field` says when the row was written; it
    breaks ties, and `known_at` needs it. `field_mapping` maps the table's column names to the names used
    here. `storage_options` go to the object store's client and are kept in the event log, except credentials: those
    are used by this process and recorded as `***`; other processes have them from the environment.
    `warehouse_table` is the name under which a warehouse sees the same table, such as `schema.table`; `warehouse_query`
    is an SQL query that gives its rows there, for where no table does: it is run as it is, by whoever reads the view.
    `partition_time_zone` is the zone of the session that wrote a partition column of timestamps, such as
    `"Europe/Paris"`: the log may hold their values without one, and then they are not read without it.

    `valid_until_field` says until when a row holds, for tables of slowly changing values: a row serves only while the
    label's time is before it (exclusive), so that an older row that still holds serves in place of one that has ended.
    A null has no end. A date is its first moment: a row that is valid until 2024-03-01 serves no label of that day.

    `timestamp_unit`, `"s"`, `"ms"`, `"us"` or `"ns"`, is needed where times of the source are whole numbers: they count
    this unit since 1970-01-01 UTC. It holds for each of the three fields whose column is a signed whole number; those
    that are timestamps or dates keep what they are. Numbers outside of the years 1 to 9999 are refused.
    """

    table: PathText
    timestamp_field: str
    created_timestamp_field: str | None = None
    field_mapping: Texts = taken(default={})
    storage_options: Texts = taken(default={})
    warehouse_table: str | None = None
    partition_time_zone: MaybeZone = taken(default=None)
    name: str | None = None
    description: str | None = None
    valid_until_field: str | None = None
    timestamp_unit: Literal["s", "ms", "us", "ns"] | None = None
    warehouse_query: str | None = None

    def _validate(self) -> None:
        if not self.table or not self.timestamp_field:
            self._refuse("table and timestamp_field are needed", "name both")
        if type(self.storage_options) is not Options:
            force_setattr(self, "storage_options", Options(self.storage_options))
        self._distinct("field_mapping", self.field_mapping.values())
        if self.valid_until_field is not None and not self.valid_until_field.strip():
            self._refuse(f"valid_until_field is {self.valid_until_field!r}", "name a column, or leave it out")
        if self.warehouse_table and self.warehouse_query:
            self._refuse("warehouse_table and warehouse_query are both given", "give one of them")
        if self.valid_until_field == self.timestamp_field:
            problem = (
                f"valid_until_field and timestamp_field are both {self.timestamp_field!r}, so no row would ever serve"
            )
            self._refuse(problem, "name the column with the end of validity, or leave valid_until_field out")

    @property
    def time_fields(self) -> tuple[str, ...]:
        """The names of its times, as used here: the event time, and those of writing and of ending that it has."""
        times = (self.timestamp_field, self.created_timestamp_field, self.valid_until_field)
        return tuple(dict.fromkeys(name for name in times if name is not None))

    def column(self, name: str) -> str:
        """The table's column behind a name used here.

        >>> DeltaSource("t", "ts", field_mapping={"sample_id": "sample"}).column("sample")
        'sample_id'
        """
        return next((source for source, mapped in self.field_mapping.items() if mapped == name), name)


class FeatureField(Spec, frozen=True):
    """A feature: a column of the view, with the type in which it is served (default: the table's)."""

    name: str
    dtype: MaybeDtype = None
    description: str | None = None
    tags: Texts = taken(default={})

    def _validate(self) -> None:
        name = self.name
        if not name or name != name.strip() or name == "*" or " as " in f" {name} ":
            problem = "its name is empty, '*', begins or ends with a space, or holds ' as ', which references use"
            self._refuse(problem, "give it another name: DeltaSource(..., field_mapping={column: name})")
        if self.dtype is not None and not is_dtype(self.dtype):
            self._refuse(
                f"its dtype {self.dtype!r} is unknown",
                "use one such as int64, float64, string, bool, date, timestamp[us, UTC]",
            )


class FeatureViewSpec(Spec, frozen=True):
    """Features of the same entities from the same table.

    `ttl` is how old a value may be and still be served, both ends inclusive; None or zero is no limit. With
    `entities=[]` the features are of everything: all rows of the table are of one key, which every row of a spine asks
    for.

    `closed="left"` leaves out events at the label's own instant: a row serves only labels that are later than it, and
    with a ttl those from `label - ttl` on, inclusive, to before the label, as a window of pandas with `closed="left"`.
    The default `"right"` includes them. It is about event times alone: a row that was written at the label's own
    instant counts as known by then either way.
    """

    name: str
    entities: EntityNames
    source: DeltaSource
    features: Features
    ttl: MaybeLength = taken(default=None)
    description: str | None = None
    tags: Texts = taken(default={})
    owner: str | None = None
    closed: Literal["right", "left"] = "right"

    def _validate(self) -> None:
        self._named()
        self._names("entities", required=False)
        self._names("features")
        fields = tuple(FeatureField(f) if isinstance(f, str) else f for f in self.features)
        force_setattr(self, "features", fields)
        self._distinct("entities", self.entities)
        self._distinct("features", (f.name for f in fields))
        if self.ttl is not None and self.ttl < timedelta(0):
            self._refuse(f"its ttl is negative ({self.ttl})", "give a ttl of zero or more, or None for no limit")

    @property
    def fields(self) -> tuple[FeatureField, ...]:
        """The features, all as `FeatureField`."""
        return tuple(f for f in self.features if isinstance(f, FeatureField))

    @property
    def age_limit(self) -> timedelta | None:
        """The ttl, None where there is no limit."""
        return self.ttl or None


class FeatureRef(Spec, frozen=True):
    """A feature as a training set asks for it: `view:feature`, `view:feature as alias`, `view:*`."""

    view: str
    feature: str
    alias: str | None = None

    @classmethod
    def parse(cls, text: str) -> "FeatureRef":
        """Read a reference.

        >>> FeatureRef.parse("weather:temp as temperature")
        FeatureRef(view='weather', feature='temp', alias='temperature')
        """
        ref, _, alias = text.partition(" as ")
        view, colon, feature = ref.strip().partition(":")
        if not (colon and view and feature) or (" as " in text and not alias.strip()):
            raise raised(
                InvalidSpec(
                    spec=f"The feature reference {text!r}",
                    problem="it is not of the form 'view:feature' or 'view:feature as alias'",
                    remedy="name the view and the feature, with a colon between them",
                )
            )
        return cls(view=view, feature=feature, alias=alias.strip() or None)

    def __str__(self) -> str:
        """As it was asked."""
        return f"{self.view}:{self.feature}" + (f" as {self.alias}" if self.alias else "")


class TrainingSetSpec(Spec, frozen=True):
    """Which features, as known when, at which versions of the tables.

    - `features`: `"view:feature"`, `"view:feature as alias"`, or `"view:*"` for all of a view, in the order of the
      result's columns.
    - `timestamp_field`: the spine's time column, a timestamp or a date; without a zone it is UTC.
    - `known_at`: a time, to count only what had been written by then (created time at or before it, and the
      table version current at it); `"event_time"`, to count for each row only what had been written by the
      row's own time; both, as a list in any order, to count what had been written by the earlier of the two; None for
      everything in the table. A view without a created time knows a time by the version alone.
    - `versions`: table name to Delta version; where a table is not named, that of `known_at`, else the newest. A
      version that is named is read as it is, also if it was committed after the time in `known_at`: then the created
      times tell what had been written by then.
    - `full_feature_names`: name the columns `view__feature`.
    """

    features: Names
    timestamp_field: str = "event_timestamp"
    known_at: KnownAt = taken(default=None)
    versions: Versions = taken(default={})
    full_feature_names: Flag = taken(default=False)
    name: str | None = None
    description: str | None = None

    def _validate(self) -> None:
        self._names("features")
        self._distinct("features", self.features)
        for text in self.features:
            FeatureRef.parse(text)
        force_setattr(self, "known_at", self._known_at(self.known_at))
        for table, version in self.versions.items():
            if version < 0:
                self._refuse(f"the version of {table!r} is negative", "name a version of 0 or more")

    @property
    def known_by(self) -> datetime | None:
        """The time in `known_at`, in UTC, None where it has none."""
        given = self.known_at[0] if isinstance(self.known_at, tuple) else self.known_at
        return given if isinstance(given, datetime) else None

    @property
    def known_by_each_row(self) -> bool:
        """Whether `known_at` asks of each row what had been written by its own time."""
        return self.known_at is not None and not isinstance(self.known_at, datetime)

    @property
    def references(self) -> tuple[FeatureRef, ...]:
        """The features, parsed."""
        return tuple(FeatureRef.parse(text) for text in self.features)


class SpineReference(Spec, frozen=True):
    """A spine that lies in a file or a table.

    `path` is a dataset name, or the path of a Delta table (a folder with `_delta_log`), or of a Parquet or CSV file.
    `version` is a Delta version (default: the newest). `filter` is an SQL condition on its columns, such as
    `"carrier = 'UA' AND distance > 500"`. `partition_time_zone` is that of a `DeltaSource`.

    Of a CSV file, and of nothing else, `schema` names the types of columns, such as `{"id": "string"}`, and
    `time_formats` the formats of columns of dates and times as `datetime.strptime` has them, such as
    `{"event_timestamp": "%d/%m/%Y"}`. Times without a format are in ISO 8601. A column without a type has the one that
    all of its cells are spelt in: `true` and `false`, whole numbers, numbers, or times in ISO 8601; else it is text.
    """

    path: PathText
    version: MaybeInteger = taken(default=None)
    filter: str | None = None
    partition_time_zone: MaybeZone = taken(default=None)
    schema: Texts = taken(default={})
    time_formats: Texts = taken(default={})

    def _validate(self) -> None:
        remedy = "name a type such as string, int64, float64, bool or date"
        for column, dtype in self.schema.items():
            if problem := type_problem(dtype):
                self._refuse(f"schema[{column!r}]: {problem}", remedy)
        for column, time_format in self.time_formats.items():
            if problem := format_problem(time_format):
                self._refuse(f"time_formats[{column!r}]: {problem}", "name one such as %d/%m/%Y %H:%M")
            if has_no_format(self.schema.get(column, "date")):
                problem = f"time_formats names {column!r}, which schema says is {self.schema[column]}"
                self._refuse(problem, "name date or timestamp[us, UTC] in schema, or leave it out")
