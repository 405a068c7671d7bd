"""What of a definition may be recorded: no characters in names that nobody sees, and no credentials."""

from collections.abc import Iterator

from msgspec.structs import replace

from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.definitions.warehouse_names import is_table_name
from foreset.domain.errors.specs import InvalidSpec, SecretInAddress
from foreset.domain.safe_text.addresses import has_secrets, without_secrets
from foreset.domain.safe_text.escaping import unfit_for_names
from foreset.domain.safe_text.secret_names import HIDDEN, Options, is_credential

_REMEDY = "give a name of characters that can be seen; field_mapping gives a column of a table another name"


def unrecordable(spec: EntitySpec | FeatureViewSpec | TrainingSetSpec) -> InvalidSpec | SecretInAddress | None:
    """Why a definition is not recorded as it is: a name with such a character, or an address with a credential."""
    for field, name in _names(spec):
        sign = unfit_for_names(name)
        if sign is not None:
            problem = f"{field} {name!r} holds the character {sign}, which is not seen where the name is shown"
            return InvalidSpec(spec=f"{type(spec).__name__}({spec.name!r})", problem=problem, remedy=_REMEDY)
    if isinstance(spec, FeatureViewSpec):
        return _not_a_table(spec) or secret_in(spec.source.table)
    return None


def _not_a_table(spec: FeatureViewSpec) -> InvalidSpec | None:
    name = spec.source.warehouse_table
    if name is None or is_table_name(name):
        return None
    problem = f"the warehouse_table of its source, {name!r}, is not the name of a table"
    remedy = "give a name such as schema.table; an SQL query is run where it is given as warehouse_query"
    return InvalidSpec(spec=f"{type(spec).__name__}({spec.name!r})", problem=problem, remedy=remedy)


def secret_in(address: str) -> SecretInAddress | None:
    """The error for an address that holds a credential; None for others."""
    return SecretInAddress(address=without_secrets(address)) if has_secrets(address) else None


def _names(spec: EntitySpec | FeatureViewSpec | TrainingSetSpec) -> Iterator[tuple[str, str]]:
    yield "its name", spec.name or ""
    match spec:
        case EntitySpec():
            yield from (("its join key", key) for key in spec.join_keys)
        case FeatureViewSpec():
            yield from (("its feature", field.name) for field in spec.fields)
            yield from (("its entity", name) for name in spec.entities)
            yield from _names_of_source(spec.source)
        case TrainingSetSpec():
            yield from (("its feature", text) for text in spec.features)


def _names_of_source(source: DeltaSource) -> Iterator[tuple[str, str]]:
    yield "the table of its source", source.table
    yield from (("the name in field_mapping", name) for name in source.field_mapping.values())


def without_credentials(spec: FeatureViewSpec) -> FeatureViewSpec:
    """The view as it is recorded: `***` stands for the storage options that are credentials."""
    options = spec.source.storage_options
    kept = {name: HIDDEN if is_secret_option(name, value) else value for name, value in options.items()}
    if kept == options:
        return spec
    return replace(spec, source=replace(spec.source, storage_options=Options(kept)))


def is_secret_option(name: str, value: str) -> bool:
    """Whether a storage option is a credential, or an address that holds one."""
    return is_credential(name, value) or has_secrets(value)
