"""A connection to the SQLite file: opened, brought up to date, its errors put into words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from parkcore.errors import StoreError
from parkcore.sqlite.schema import NAMES, migrations

BUSY_S = 30.0
UNATTENDED_BUSY_S = 8.0
"""For those that repeat by themselves what they could not write, and may be told to end."""


class Connection:
    """One open database of the current schema. Cheap to open; not to be shared by threads."""

    def __init__(self, connection: sqlite3.Connection, name: str, path: Path | None = None) -> None:
        self._db, self._name, self._path = Database(connection), name, path
        self._opened = None if path is None else _identity(path)
        # SQLite's own lower() knows ASCII only
        connection.create_function("casefold", 1, str.casefold, deterministic=True)

    @classmethod
    def open(cls, path: Path, *, busy_s: float = BUSY_S) -> Self:
        """Open a database file, creating it or bringing it up to date where needed.

        Args:
            busy_s: how long a write waits for another process's before it gives up.

        Raises:
            StoreError: it is damaged, read-only, or of a newer Parkcore.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder of the database {path} cannot be made: {error}"
            ) from error
        with explained(str(path)):
            store = cls(sqlite3.connect(path, timeout=busy_s), str(path), path)
        try:
            store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def in_memory(cls) -> Self:
        """A database that is gone with the object: for trying out and for tests."""
        store = cls(sqlite3.connect(":memory:"), "in memory")
        store._prepare()
        return store

    def close(self) -> None:
        self._db.conn.close()

    @property
    def is_elsewhere(self) -> bool:
        """Whether the file that was opened was moved or replaced since."""
        return self._path is not None and _identity(self._path) != self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def file_bytes(self) -> tuple[int, int]:
        """The size of the database's file, and how much of that is free within it."""
        values = [
            self._rows(f"pragma {name}")[0][name]
            for name in ("page_size", "page_count", "freelist_count")
        ]
        return values[0] * values[1], values[0] * values[2]

    def compact(self) -> None:
        """Write the file anew without what is free in it; needs as much room on its disk again."""
        with explained(self._name):
            self._db.execute("vacuum")
            self._db.execute("pragma wal_checkpoint(truncate)")

    def _prepare(self) -> None:
        with explained(self._name):
            self._db.execute("pragma foreign_keys = on")
            self._db.execute("pragma synchronous = full")  # committed means kept, power cut or not
            applied = {migration.name for migration in migrations.applied(self._db)}
        newer = applied - NAMES
        if newer:
            raise StoreError(
                f"the database {self._name} was made by a newer Parkcore (it has {min(newer)});"
                " update Parkcore, or set PARKCORE_DB to another file"
            )
        with explained(self._name):
            self._use_wal()
            if migrations.pending(self._db):
                with self._write() as db:
                    migrations.apply(db)

    def _use_wal(self) -> None:
        """Readers then never wait for the writer. The mode stays with the file."""
        try:
            self._db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            # Another process is at it, and the next to open tries again; or the file can only be
            # read, and then writing says so.
            if "locked" not in str(error) and "readonly" not in str(error):
                raise

    @contextmanager
    def _write(self) -> Iterator[Database]:
        """A transaction that takes the write lock first, so that processes wait for each other
        instead of failing when a read turns into a write."""
        with explained(self._name):
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise

    def _rows(self, sql: str, values: Any = None) -> list[dict[str, Any]]:
        with explained(self._name):
            cursor = self._db.execute(sql, values or [])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


@contextmanager
def explained(name: str) -> Iterator[None]:
    """SQLite's errors in the user's words."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        reason = next((text for key, text in _REASONS.items() if key in said), "failed")
        raise StoreError(f"the database {name} {reason} (SQLite: {said})") from error


_REASONS = {
    "locked": "was kept busy by another program for too long; close that or try again",
    "readonly": "cannot be written; make the file and its folder writable, or set PARKCORE_DB to"
    " another file",
    "full": "could not be written: the disk is full; free some space and repeat, nothing recorded"
    " is lost",
    "disk I/O error": "could not be read or written: the disk is failing or full; check it and"
    " repeat",
    "malformed": "is damaged; put a backup in its place, or move it away and scan the storage"
    " folder again",
    "not a database": "is not a SQLite database; set PARKCORE_DB to another file, or move this one"
    " away",
    "unable to open": "cannot be opened; check that its folder exists and may be written",
}
