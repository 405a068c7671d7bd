"""What calls are given, fitted to the types that their signatures name, as the fields of specs are."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from functools import cache, wraps
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

from foreset.domain.definitions.field_types import Fitting, Unfit, fitting
from foreset.domain.errors.problem import refuse_or_raise
from foreset.domain.errors.specs import InvalidSpec

if TYPE_CHECKING:
    from os import PathLike

    Place: TypeAlias = str | PathLike[str]
    """Where something is or goes."""
    Duration: TypeAlias = timedelta | str
    """A length of time."""
else:
    from pathlib import Path

    Place = str | Path  # which is what paths of every library become
    Duration = timedelta  # which is what texts become

P = ParamSpec("P")
R = TypeVar("R")

_NAMED: Final = inspect.Parameter.VAR_KEYWORD


def fitted_arguments(call: Callable[P, R]) -> Callable[P, R]:
    """The same call, whose arguments are fitted to its annotations first.

    What does not fit is refused by the argument's name: with a failed `Result` where the call gives one, else by
    `CallerError`. What an annotation leaves open (`object`, `Any`, a name known to checkers alone) is passed as it is.
    """
    signature = inspect.signature(call)

    @wraps(call)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        for name, fit in _fittings(call).items():
            given = bound.kwargs if name not in signature.parameters else bound.arguments
            if name in given:
                try:
                    value = fit(given[name])
                except Unfit as unfit:
                    problem = InvalidSpec(
                        spec=_called(call, args), problem=f"{name}{unfit.at} {unfit.problem}", remedy=unfit.remedy
                    )
                    return refuse_or_raise(call, problem)  # type: ignore[no-any-return]  # R is a Result
                _put(bound, name, value)
        return call(*bound.args, **bound.kwargs)

    return checked


def _called(call: Callable[..., object], args: tuple[object, ...]) -> str:
    """How a caller names the call: by what its group is called, or by the class of what it is made on."""
    if "." not in call.__qualname__ or not args:
        return call.__qualname__
    owner = args[0] if isinstance(args[0], type) else type(args[0])
    named = getattr(owner, "_called", owner.__name__)
    return named if call.__name__ == "__init__" else f"{named}.{call.__name__}"


def _put(bound: inspect.BoundArguments, name: str, value: object) -> None:
    if name in bound.signature.parameters:
        bound.arguments[name] = value
        return
    rest = next(p.name for p in bound.signature.parameters.values() if p.kind is _NAMED)
    bound.arguments[rest] = {**bound.arguments[rest], name: value}


@cache
def _fittings(call: Callable[..., object]) -> dict[str, Fitting]:
    found: dict[str, Fitting] = {}
    for name, parameter in inspect.signature(call).parameters.items():
        kind = _resolved(parameter.annotation, call)
        if parameter.kind is _NAMED and get_origin(kind) is Unpack:
            found |= {field: fitting(hint) for field, hint in get_type_hints(get_args(kind)[0]).items()}
        elif parameter.kind not in {_NAMED, inspect.Parameter.VAR_POSITIONAL} and name != "self":
            found[name] = fitting(kind)
    return found


def _resolved(annotation: Any, call: Callable[..., object]) -> Any:
    """What an annotation names; `object` where there is none, or it is known to checkers alone."""
    if annotation is inspect.Parameter.empty:
        return object
    try:
        return get_type_hints(type("_", (), {"__annotations__": {"_": annotation}}), call.__globals__)["_"]
    except NameError:
        return object
