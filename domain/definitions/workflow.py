"""What the guide's workflow is asked to do with the feature store, and the builder for it."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, SupportsIndex

from msgspec.structs import force_setattr, replace

from foreset.domain.definitions.field_hints import (
    Flag,
    Integer,
    KnownAt,
    MaybeInstant,
    MaybeInteger,
    MaybeIntegers,
    Names,
    PathText,
    Plain,
    taken,
)
from foreset.domain.definitions.field_types import Unfit, fitting, instant_of, recordable, shown
from foreset.domain.definitions.specs import Spec
from foreset.domain.safe_text.addresses import is_address, is_misspelt

if TYPE_CHECKING:
    from foreset.domain.definitions.field_hints import Instant, InstantsGiven, PathLikeText


_INDICES: Final = fitting(tuple[int, ...])
_DATASET: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class FeatureStoreSpec(Spec, frozen=True):
    """Where the workflow's features come from.

    - `repo_path`: the folder of the store and of Feast's repository, kept as a str.
    - `dataset_name`: a dataset in the data folder, with the columns sample_index, feature_0 and so on (`n_features` of
      them), target and ingested_at.
    - `offline_store_type`: what retrieves: `delta` or `file` for Foreset's own engine, else a store of Feast's. Its
      options in feature_store.yaml are `offline_store_options`; `accept` names defects of it that may show.
    - `timestamp`: what was known at this time; without a zone it is UTC. None: everything.
    - `sample_indices`: only these samples, in this order, kept as a tuple of int. None: all.
    - `known_at`: a time, `"event_time"` or both, as in `TrainingSetSpec`. None: everything in the table.
    - `created_timestamp_field`: the dataset's column that says when a row was written, which `"event_time"` needs.
    - `version`: the Delta version of the dataset. None: that of `known_at`, else the newest.
    """

    enabled: Flag = taken(default=False)
    repo_path: PathText = taken(default="feature_repo")
    project_name: str = "ml_workflow"
    dataset_name: str = "classification_data"
    n_features: Integer = taken(default=20)
    offline_store_type: str = "delta"
    feature_view_name: str = "classification_features"
    initialize_on_start: Flag = taken(default=True)
    timestamp: MaybeInstant = taken(default=None)
    sample_indices: MaybeIntegers = taken(default=None)
    offline_store_options: Plain = taken(default={})
    accept: Names = taken(default=())
    known_at: KnownAt = taken(default=None)
    created_timestamp_field: str | None = None
    version: MaybeInteger = taken(default=None)

    def _validate(self) -> None:
        for field in ("repo_path", "project_name", "offline_store_type", "feature_view_name"):
            if not getattr(self, field).strip():
                self._refuse(f"{field} is {getattr(self, field)!r}", f"give a {field} that is not empty")
        if is_address(self.repo_path) or is_misspelt(self.repo_path):
            self._refuse(
                "repo_path is an address, and Feast's repository, which lies there too, is a folder",
                "give a folder; a store in a database is used with FeatureStore and its training sets",
            )
        if not _DATASET.fullmatch(self.dataset_name):
            self._refuse(
                f"{self.dataset_name!r} is not a dataset name: names have letters, digits, '_', '-' and '.', "
                "and do not begin with '.'",
                "give the name alone; the folder is set by FORESET_DATA_DIR",
            )
        self._names("accept", required=False)
        if self.n_features < 1:
            self._refuse(f"n_features is {self.n_features!r}", "give a whole number of 1 or more")
        try:
            force_setattr(self, "offline_store_options", recordable(self.offline_store_options))
        except Unfit as unfit:
            self._refuse(f"offline_store_options{unfit.at} {unfit.problem}", unfit.remedy)
        force_setattr(self, "timestamp", self._time(self.timestamp))
        force_setattr(self, "sample_indices", self._indices(self.sample_indices))
        force_setattr(self, "known_at", self._known_at(self.known_at))
        if self.version is not None and self.version < 0:
            self._refuse(f"version is {self.version!r}", "give a whole number of 0 or more, or None")

    @property
    def offline_store(self) -> dict[str, Any]:
        """The offline store as feature_store.yaml has it: its type and its options."""
        return {**self.offline_store_options, "type": self.offline_store_type}

    def _time(self, given: object) -> datetime | None:
        if isinstance(given, str):
            try:
                given = datetime.fromisoformat(given)
            except ValueError:
                self._refuse(f"timestamp is {shown(given)}", "give a time in ISO 8601, such as 2025-11-01T00:00:00")
        given = instant_of(given)
        if given is None:
            return None
        if not isinstance(given, datetime) or given != given:  # noqa: PLR0124  # pandas' NaT is a datetime
            self._refuse(f"timestamp is {shown(given)}", "give a datetime, or None for everything")
        return self._instant(given, "timestamp")

    def _indices(self, given: Any) -> tuple[int, ...] | None:  # what users call a list of numbers
        if given is None:
            return None
        try:
            indices: tuple[int, ...] = _INDICES(given)
        except Unfit as unfit:
            self._refuse(
                f"sample_indices{unfit.at} {unfit.problem}", "give whole numbers, such as [0, 10, 20] or range(100)"
            )
        if not indices:
            self._refuse("sample_indices is empty", "name at least one sample, or give None for all")
        return indices


_DEFAULT: Final = FeatureStoreSpec()


class FeatureStoreSpecBuilder(Spec, frozen=True):
    """Builds a `FeatureStoreSpec`. Every setter checks its value and gives a new builder; this one stays as it is.

    >>> FeatureStoreSpecBuilder().enable().set_n_features(15).build().n_features
    15
    """

    spec: FeatureStoreSpec = _DEFAULT

    def _with(self, **fields: Any) -> "FeatureStoreSpecBuilder":  # a value for any field
        return FeatureStoreSpecBuilder(replace(self.spec, **fields))

    def enable(self) -> "FeatureStoreSpecBuilder":
        """Take X and y from the feature store."""
        return self._with(enabled=True)

    def disable(self) -> "FeatureStoreSpecBuilder":
        """Take X and y from the caller."""
        return self._with(enabled=False)

    def set_repo_path(self, repo_path: "PathLikeText") -> "FeatureStoreSpecBuilder":
        """The folder of the store and of Feast's repository."""
        return self._with(repo_path=repo_path)

    def set_project_name(self, project_name: str) -> "FeatureStoreSpecBuilder":
        """Feast's name for the project."""
        return self._with(project_name=project_name)

    def set_dataset_name(self, dataset_name: str) -> "FeatureStoreSpecBuilder":
        """The dataset: a name, not a path."""
        return self._with(dataset_name=dataset_name)

    def set_n_features(self, n_features: SupportsIndex) -> "FeatureStoreSpecBuilder":
        """How many features, from feature_0 on; 1 or more."""
        return self._with(n_features=n_features)

    def set_offline_store(
        self, offline_store_type: str, options: Mapping[str, Any] | None = None, accept: Iterable[str] = ()
    ) -> "FeatureStoreSpecBuilder":
        """What retrieves: `delta` or `file` for Foreset's own engine, else the name of a store of Feast's.

        `options` are those that the store has in feature_store.yaml; `accept` names defects of it that may show.
        """
        return self._with(
            offline_store_type=offline_store_type, offline_store_options=options or {}, accept=tuple(accept)
        )

    def set_feature_view(self, feature_view_name: str) -> "FeatureStoreSpecBuilder":
        """The name of the feature view."""
        return self._with(feature_view_name=feature_view_name)

    def set_initialize_on_start(self, initialize_on_start: bool) -> "FeatureStoreSpecBuilder":  # noqa: FBT001  # the guide's signature
        """Whether the workflow registers entity and view first."""
        return self._with(initialize_on_start=initialize_on_start)

    def set_timestamp(self, timestamp: "Instant | None") -> "FeatureStoreSpecBuilder":
        """What was known at this time; without a zone it is UTC. None: everything."""
        return self._with(timestamp=timestamp)

    def set_sample_indices(self, sample_indices: Iterable[SupportsIndex] | None) -> "FeatureStoreSpecBuilder":
        """Only these samples, in this order. None: all."""
        return self._with(sample_indices=sample_indices)

    def set_known_at(
        self, known_at: "InstantsGiven", created_timestamp_field: str | None = None
    ) -> "FeatureStoreSpecBuilder":
        """What must have been known: a time, `"event_time"`, both in a list, or None for everything.

        `created_timestamp_field` is the dataset's column that says when a row was written.
        """
        return self._with(known_at=known_at, created_timestamp_field=created_timestamp_field)

    def set_version(self, version: SupportsIndex | None) -> "FeatureStoreSpecBuilder":
        """The Delta version of the dataset. None: that of `known_at`, else the newest."""
        return self._with(version=version)

    def build(self) -> FeatureStoreSpec:
        """The spec."""
        return self.spec
