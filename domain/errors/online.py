"""What can be wrong with online stores: what Feast serves the newest values from."""

from foreset.domain.errors.feast import ExecutionError, PublishError
from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.retrieval import PlanError
from foreset.domain.errors.specs import StaleWrite


class NoOnlineStore(CallerFault, frozen=True, kw_only=True):
    """A Feast repository without an online store."""

    path: str
    says = "The Feast repository {path} has no online store."
    then = "name one under `online_store` in its feature_store.yaml, such as `type: sqlite`."


class NotServedOnline(CallerFault, frozen=True, kw_only=True):
    """A view that Feast does not serve online."""

    view: str
    says = "The feature view {view!r} is not served online: Feast's registry says `online: False` of it."
    then = "apply it to Feast with online=True, or leave it out."


class OnlineKeysUnfit(CallerFault, frozen=True, kw_only=True):
    """Rows of keys that do not name what is asked for."""

    view: str
    problem: str
    keys: tuple[str, ...]
    says = "The feature view {view!r} cannot be read by these keys: {problem}. Its join keys are: {keys}."
    then = "give each row a value of the right type for each join key; keys of other types are not served online."


class OnlineValueUnfit(DataFault, frozen=True, kw_only=True):
    """A value that Feast cannot hold in the type that it knows of the column."""

    view: str
    column: str
    key: str
    problem: str
    says = (
        "The column {column!r} of the feature view {view!r} has values that Feast does not hold online, the first of "
        "them at {key}: {problem}."
    )
    then = (
        "change the value, register the view again if the column's type has changed, or leave the column out of the "
        "view."
    )


class OnlineStoreFailed(WorldFault, frozen=True, kw_only=True):
    """An online store that is away, or that fails."""

    store: str
    view: str
    problem: str
    says = "The online store {store} failed over the feature view {view!r}: {problem}."
    then = (
        "mend what stopped it, such as its address or driver, and call again: a load that was cut short is made good "
        "by the next one."
    )


OnlineError = NoOnlineStore | NotServedOnline | OnlineKeysUnfit | OnlineValueUnfit | OnlineStoreFailed
"""Why an online store cannot be written or read."""

MaterializeError = OnlineError | PlanError | ExecutionError | StaleWrite | PublishError
"""Why a view was not loaded, or not compared."""
