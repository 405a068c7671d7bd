"""What can be wrong with erasing a key, and with what it was erased from."""

from foreset.domain.errors.problem import CallerFault


class KeyUnfit(CallerFault, frozen=True, kw_only=True):
    """A key that is none of its entity's."""

    entity: str
    problem: str
    keys: tuple[str, ...]
    says = "This is no key of the entity {entity!r}: {problem}. Its join keys are: {keys}."
    then = "give a value for each of its join keys: `--key COLUMN=VALUE` for each, or `--key VALUE` where there is one."


class KeyNamed(CallerFault, frozen=True, kw_only=True):
    """A reason, or the name of who asks, that names the key, which would so be recorded."""

    field: str
    says = "The key stands in {field}, which is recorded. Nothing was erased."
    then = "say it without the key, such as by the number of a ticket."


class TrainingSetErased(CallerFault, frozen=True, kw_only=True):
    """A training set that held a key which was erased."""

    id: str
    entity: str
    at: str
    asked: str
    says = (
        "The training set {id} cannot be rebuilt, nor can it be pinned: a key of the entity {entity!r} was erased from "
        "its rows at {at}, {asked}."
    )
    then = "build another one, from a spine without that key: `foreset get SPEC --spine S -o F`."


class SpineErased(CallerFault, frozen=True, kw_only=True):
    """A spine that held a key which was erased."""

    fingerprint: str
    entity: str
    at: str
    asked: str
    says = (
        "This spine (its fingerprint is {fingerprint}) has rows of a key of the entity {entity!r} that was erased at "
        "{at}, {asked}."
    )
    then = "leave the rows of that key out."
