"""The photo that is being looked at, noted in a file: one at which the process dies is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InHand:
    """The note of one process at a time.

    A decoder that crashes and a system without memory take the whole process with them: only
    what is on the disk outlives that. It is not forced there: a power cut that takes the note too
    is no fault of the photo's, and costs nothing but another look at it. On a full disk there is
    no note, and the work goes on.
    """

    file: Path | None = None
    """None keeps no note."""

    @contextmanager
    def holding(self, photo: Path) -> Iterator[None]:
        """Have a photo in hand; however that ends, the note goes with it, unless the process
        does not live to remove it."""
        if self.file is not None:
            with suppress(OSError):
                self.file.write_bytes(os.fsencode(photo))
        try:
            yield
        finally:
            self.forget()

    def left(self) -> Path | None:
        """The photo that a process before this one had in hand when it died."""
        try:
            content = self.file.read_bytes() if self.file else b""
        except OSError:
            return None
        name = content.strip(b"\0")  # a power cut can leave nothing but zeros of a file
        return Path(os.fsdecode(name)) if name else None

    def forget(self) -> None:
        if self.file is not None:
            with suppress(OSError):
                self.file.unlink()
