"""A connection to a database, opened when it is needed, and again when it was lost."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar

import psycopg
from psycopg import Connection, Cursor, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from returns.result import Result, Success

from foreset.adapters.postgres.faults import FAULTS, is_lost, log_error
from foreset.adapters.postgres.tables import check_there, make_where_missing
from foreset.adapters.shared.event_log.event_rows import Damage
from foreset.adapters.shared.event_log.forks import ForkSafe
from foreset.domain.errors.event_log import AppendUnsettled, LogUnreachable, StoreError, UnfitAddress
from foreset.domain.errors.problem import Problem, because, refuse, told
from foreset.domain.safe_text.addresses import is_ambiguous, unquoted, without_secrets

AWAY: Final = 30.0
"""For how many seconds a server that went away is waited for."""

# What an address may say otherwise. A server that is cut off without a word is given up after about a minute.
_DEFAULTS: Final = {
    "application_name": "foreset",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_SESSION: Final = """
    SELECT set_config('lock_timeout', %s, false),
           set_config('idle_in_transaction_session_timeout', '15s', false),
           set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)"""
_OWN: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# A session whose client is gone may not know that, and hold the lock on the log: nothing comes after it any more.
_END_LOST: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = %s AND backend_start = %s AND state LIKE 'idle in transaction%%'"""
_OLDEST: Final = 13_00_00  # the first that tells by its id what became of a transaction
_NOT_YET: Final = ("starting up", "shutting down", "recovery mode", "not yet accepting")

T = TypeVar("T")
E = TypeVar("E", bound=Problem)


class Database(ForkSafe):
    """A database by its URL. Safe to use from several threads, one at a time, and after a fork."""

    def __init__(self, url: str, timeout: float, away: float, *, create: bool = True) -> None:
        """Use the database at `url`; `open` also looks whether it can be used."""
        self._make = make_where_missing if create else check_there
        self.address = without_secrets(url)
        self._url = url
        self._timeout = timeout
        self._away = away
        self._connection: Connection[Any] | None = None
        self._session: tuple[int, datetime] | None = None  # the last one that was opened, until it is closed
        super().__init__()

    @staticmethod
    def open(
        url: str, *, timeout: float = 10.0, away: float = AWAY, create: bool = True
    ) -> "Result[Database, StoreError]":
        """The database, in which our tables are made where they are missing; `NoLog` where that is not to be done.

        Other writers are waited for `timeout` seconds, and a server that was there and went away for `away` seconds.
        `UnfitAddress` and `LogUnreachable` where it cannot be opened.
        """
        database = Database(url, timeout, away, create=create)
        if is_ambiguous(url):
            problem = "signs such as @, /, ? and # in a name or password have to be written as %40, %2F, %3F and %23"
            return refuse(UnfitAddress(address=database.address, problem=problem))
        return database.read(lambda _: database)

    def read(self, action: Callable[[Connection[Any]], T]) -> Result[T, StoreError]:
        """Do something that may be done again where the connection is lost, in transactions of its own."""
        until = time.monotonic() + self._away
        with self._lock:
            while True:
                try:
                    return Success(action(self._connected(until)))
                except FAULTS as fault:
                    if not self._may_try_again(fault, until):
                        return refuse(log_error(self.address, self._timeout, fault, self._url))

    def write(
        self,
        action: Callable[[Connection[Any]], Result[T, E | StoreError]],
        there: Callable[[Connection[Any], T], bool],
    ) -> Result[T, E | StoreError]:
        """Do something in a transaction, which is committed where it succeeds, and leaves nothing where it fails.

        Where the connection is lost while it commits, it is looked up what became of the transaction, and `there` tells
        whether its rows are in the database: it is neither done twice nor given up. `AppendUnsettled` where that cannot
        be told.
        """
        until = time.monotonic() + self._away
        with self._lock:
            while True:
                committing: tuple[str, T] | None = None
                try:
                    connection = self._connected(until)
                    connection.execute("BEGIN")
                    found = action(connection)
                    if not isinstance(found, Success):
                        return found
                    committing = _transaction(connection), found.unwrap()
                    connection.execute("COMMIT")
                except FAULTS as fault:
                    lost = self._lost()
                    if committing is not None and lost:
                        settled = self._settled(*committing, there, until)
                        if not isinstance(settled, Success):
                            return refuse(settled.failure())
                        if settled.unwrap():
                            return Success(committing[1])
                    elif not self._may_try_again(fault, until):
                        return refuse(log_error(self.address, self._timeout, fault, self._url))
                else:
                    return found
                finally:
                    self._roll_back()

    def _settled(
        self, transaction: str, value: T, there: Callable[[Connection[Any], T], bool], until: float
    ) -> Result[bool, AppendUnsettled]:
        """Whether a transaction whose commit was not answered is in the database."""
        while True:
            try:
                connection = self._connected(until)
                status = _status(connection, transaction)
                if status != "in progress":
                    return Success(status != "aborted" and there(connection, value))
                problem = "the server is still at it"
            except FAULTS as fault:
                problem = told(fault)
                if not self._may_try_again(fault, until):
                    return refuse(because(AppendUnsettled(address=self.address, problem=problem), fault))
            if time.monotonic() > until:
                return refuse(AppendUnsettled(address=self.address, problem=problem))
            time.sleep(0.05)

    # === Connections ===

    def _connected(self, until: float) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._opened(until)
        return self._connection

    def _opened(self, until: float) -> Connection[Any]:
        while True:
            try:
                made = psycopg.connect(self._url, **self._asked(), autocommit=True, prepare_threshold=None)
            except psycopg.OperationalError as fault:
                waits = self._session is not None or any(sign in str(fault) for sign in _NOT_YET)
                if not waits or time.monotonic() > until:
                    raise
                time.sleep(0.1)
                continue
            try:
                self._begin(made)
            except BaseException:
                made.close()
                raise
            return made

    def _begin(self, connection: Connection[Any]) -> None:
        if connection.info.server_version < _OLDEST:
            problem = f"its version is {connection.info.parameter_status('server_version')}, and 13 or newer is needed"
            raise Damage(LogUnreachable(address=self.address, problem=problem))
        connection.execute("SET client_encoding = 'UTF8'")
        connection.execute(_SESSION, (f"{round(self._timeout * 1000)}ms",))
        if self._session is not None:
            connection.execute(_END_LOST, self._session)
        self._session = connection.execute(_OWN).fetchone()
        self._make(connection, self.address)

    def _asked(self) -> dict[str, Any]:
        """What the address leaves open. What libpq says of a bad address may hold all of it, so it is cut short."""
        try:
            given = conninfo_to_dict(self._url)
        except psycopg.ProgrammingError as fault:
            problem = unquoted(told(fault).partition(":")[0], self._url)
            raise Damage(UnfitAddress(address=self.address, problem=problem)) from None
        return {name: value for name, value in _DEFAULTS.items() if name not in given}

    def _roll_back(self) -> None:
        """End the transaction that is under way, if there is one."""
        connection = self._connection
        if connection is not None and connection.info.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.OperationalError):
                connection.execute("ROLLBACK")

    def _lost(self) -> bool:
        return self._connection is None or self._connection.closed

    def _may_try_again(self, fault: Exception, until: float) -> bool:
        """Whether a fault was of a connection that was there and is lost, and there is time to open another."""
        if self._lost() or (isinstance(fault, psycopg.Error) and is_lost(fault)):
            self._drop()
            known = self._session is not None
            return known and isinstance(fault, psycopg.OperationalError) and time.monotonic() < until
        return False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _disconnect(self) -> None:
        self._drop()
        self._session = None


def always(_connection: Connection[Any], _value: object) -> bool:
    """That what was committed is there, for what has no rows that could tell."""
    return True


def _transaction(connection: Connection[Any]) -> str:
    """The id of the transaction that is under way."""
    return str(_only(connection.execute("SELECT pg_current_xact_id()::text")))


def _status(connection: Connection[Any], transaction: str) -> str:
    """What became of a transaction; `None` where it is so long ago that the server has forgotten."""
    try:
        return str(_only(connection.execute("SELECT pg_xact_status(%s::xid8)", (transaction,))))
    except errors.InvalidParameterValue:  # a server that crashed before the id was on its disk gives it anew
        return "aborted"


def _only(found: Cursor[Any]) -> Any:
    row = found.fetchone()
    return None if row is None else row[0]
