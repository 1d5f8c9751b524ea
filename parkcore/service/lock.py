"""One process for one kind of work on one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from parkcore.errors import AlreadyRunning, StoreError


@contextmanager
def only_one(db: Path, work: str) -> Iterator[None]:
    """Hold the right to do `work` for a database; the system takes it back when a process dies.

    Raises:
        AlreadyRunning: another process has it.
        StoreError: the lock beside the database cannot be made.
    """
    command = f"parkcore {work.replace('-', ' ')}"
    path = db.with_name(f"{db.name}.{work}.lock")
    lock = FileLock(path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise AlreadyRunning(
            f"`{command}` runs already for the database {db}; end that one first, or set"
            " PARKCORE_DB to another file"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be made ({error.strerror}); make the database's folder writable"
        ) from error
    try:
        yield
    finally:
        lock.release()
