"""What a Feast repository holds, as plain values in Feast's terms. Nothing here is judged or translated."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

ViewKind = Literal["feature view", "stream feature view", "on-demand feature view", "label view"]


class FeastField(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a view: `type` as Feast writes it, and the dtype it declares, None where it leaves the table's."""

    name: str
    type: str
    dtype: str | None = None
    description: str = ""
    tags: dict[str, str] = {}


class FeastEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity. Feast takes one join key for each."""

    name: str
    join_key: str
    description: str = ""
    tags: dict[str, str] = {}
    owner: str = ""


class FeastSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a view takes its rows from. `kind` is Feast's class, such as `FileSource` or `BigQuerySource`.

    `path` is as Feast has it, `place` where that is (a path or URL), and `table` how the table there is called here;
    all are empty texts for sources that are no files. `format` is `delta`, `parquet`, another, or None where none is
    named. `endpoint` is that of an object store.
    """

    kind: str
    name: str = ""
    path: str = ""
    place: str = ""
    table: str = ""
    format: str | None = None
    timestamp_field: str = ""
    created_timestamp_column: str = ""
    field_mapping: dict[str, str] = {}
    description: str = ""
    tags: dict[str, str] = {}
    endpoint: str = ""


class FeastView(msgspec.Struct, frozen=True, kw_only=True):
    """A view of any kind.

    `entities` are names, `keys` the columns that Feast joins on. `computed` says what makes its values where they are
    not read as they are. `loaded_until` is the end of the last interval that was materialised.
    """

    kind: ViewKind = "feature view"
    name: str
    entities: tuple[str, ...] = ()
    keys: tuple[FeastField, ...] = ()
    features: tuple[FeastField, ...] = ()
    source: FeastSource | None = None
    stream: str | None = None
    computed: str | None = None
    ttl: timedelta | None = None
    online: bool = True
    description: str = ""
    tags: dict[str, str] = {}
    owner: str = ""
    loaded_until: datetime | None = None


class FeastObject(msgspec.Struct, frozen=True):
    """Something else that a repository has, such as a feature service: its kind and name."""

    kind: str
    name: str


class FeastRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository: its folder, its settings, and what its registry has for its project.

    `registry` is where the registry is, without passwords. `offline_store` and `online_store` are types as
    feature_store.yaml has them, or Feast's defaults. `relative_database` is the path of a SQLite registry that Feast
    would look for in the working directory.
    """

    path: str
    project: str
    registry: str
    offline_store: str
    online_store: str | None = None
    relative_database: str | None = None
    entities: tuple[FeastEntity, ...] = ()
    views: tuple[FeastView, ...] = ()
    others: tuple[FeastObject, ...] = ()
