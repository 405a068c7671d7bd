"""Calls that are refused in a forked child which lacks the threads that they need, in place of waiting for ever."""

import inspect
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, ParamSpec, TypeVar

from foreset.adapters.shared.processes.vendor_threads import VENDOR_THREADS
from foreset.domain.errors.problem import refuse_or_raise
from foreset.domain.errors.system import ForkedProcess

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=type)


def needs_threads(call: Callable[P, R]) -> Callable[P, R]:
    """The same call, refused where the threads of polars and deltalake are lost.

    With a failed `Result` where the call gives one, else by `CallerError`.
    """
    return _refused_in_forks(call, call.__qualname__)


def all_need_threads(*, but: tuple[str, ...] = ()) -> Callable[[K], K]:
    """All that a class has to offer, inherited or its own, refused as by `needs_threads`; except the names in `but`.

    So whatever is added to the class is guarded, until somebody says that it needs no threads.
    """

    def guard(kind: K) -> K:
        offered = {name for name in dir(kind) if not name.startswith("_")}
        assert offered >= set(but), set(but) - offered  # noqa: S101  # the name of something that is not there
        for name in offered - set(but):
            member = inspect.getattr_static(kind, name)
            guarded = _guarded(member, f"{getattr(kind, '_called', kind.__name__)}.{name}")
            if guarded is not None:
                setattr(kind, name, guarded)
                if isinstance(guarded, cached_property):
                    guarded.__set_name__(kind, name)
        return kind

    return guard


def _guarded(member: Any, name: str) -> Any:
    """A method or property that is refused in forks; None for a value."""
    if isinstance(member, (staticmethod, classmethod)):
        return type(member)(_refused_in_forks(member.__func__, name))
    if isinstance(member, property) and member.fget is not None:
        return property(_refused_in_forks(member.fget, name), doc=member.__doc__)
    if isinstance(member, cached_property):
        return cached_property(_refused_in_forks(member.func, name))
    return _refused_in_forks(member, name) if inspect.isfunction(member) else None


def _refused_in_forks(call: Callable[P, R], name: str) -> Callable[P, R]:
    @wraps(call)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if VENDOR_THREADS.begin():
            return call(*args, **kwargs)
        return refuse_or_raise(call, ForkedProcess(call=name))  # type: ignore[no-any-return]  # R is a Result

    return checked
