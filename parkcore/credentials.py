"""Cameras' users and passwords: in a file that only its owner may read, or in the environment.

They are never in the database, so that a copy of it can be handed on.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from filelock import FileLock, Timeout

from parkcore.addresses import Login
from parkcore.errors import SettingsError

LOCK_S = 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """The logins of cameras, by lot and camera.

    The environment comes first: `PARKCORE_LOGIN_<LOT>_<CAMERA>=user:password`, in capitals and
    with `_` for what is neither letter nor digit.
    """

    file: Path

    def get(self, lot_id: str, camera_id: str) -> Login:
        """The login of a camera, an empty one where there is none.

        Raises:
            SettingsError: the file cannot be read, or others may read it too.
        """
        given = os.environ.get(variable(lot_id, camera_id))
        if given is not None:
            user, _, password = given.partition(":")
            return Login(user, password)
        found = self._read().get(_key(lot_id, camera_id))
        return Login(**found) if found else Login()

    def put(self, lot_id: str, camera_id: str, login: Login) -> None:
        """Keep the login of a camera in the file; an empty one removes it.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.file}.lock", timeout=LOCK_S):
                logins = self._read()
                before = dict(logins)
                logins.pop(_key(lot_id, camera_id), None)
                if login:
                    logins[_key(lot_id, camera_id)] = asdict(login)
                if logins != before:
                    self._write(logins)
        except Timeout as error:
            raise SettingsError(
                f"{self.file} is kept locked by another program; try again"
            ) from error
        except OSError as error:
            raise SettingsError(
                f"the logins of cameras cannot be written to {self.file} ({error.strerror}); make"
                " its folder writable, or set PARKCORE_CREDENTIALS to another file"
            ) from error

    def _read(self) -> dict[str, Any]:
        try:
            with self.file.open(encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(
                f"the logins of cameras in {self.file} cannot be read ({error.strerror}); make it"
                " readable for the user that Parkcore runs as"
            ) from error
        if sys.platform != "win32" and mode & 0o077:
            raise SettingsError(
                f"{self.file} holds passwords, but others may read it (mode {mode & 0o777:o});"
                f" run: chmod 600 {self.file}"
            )
        try:
            logins = json.loads(text)
            for login in logins.values():
                Login(**login)
        except (ValueError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{self.file} is not a file of logins that can be used; expected such as"
                ' {"lot/camera": {"user": "…", "password": "…"}}'
            ) from error
        return dict(logins)

    def _write(self, logins: dict[str, Any]) -> None:
        """Whole or not at all; `NamedTemporaryFile` makes files that only the owner may read."""
        with NamedTemporaryFile(
            "w", dir=self.file.parent, prefix=".", suffix=".part", encoding="utf-8", delete=False
        ) as out:
            try:
                json.dump(logins, out, indent=2, ensure_ascii=False)
                out.flush()
                os.fsync(out.fileno())
                Path(out.name).replace(self.file)
            except BaseException:
                Path(out.name).unlink(missing_ok=True)
                raise


def variable(lot_id: str, camera_id: str) -> str:
    """The environment variable that may hold a camera's login."""
    return "PARKCORE_LOGIN_" + re.sub(r"[^A-Z0-9]", "_", f"{lot_id}_{camera_id}".upper())


def _key(lot_id: str, camera_id: str) -> str:
    return f"{lot_id}/{camera_id}"
