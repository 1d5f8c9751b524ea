"""Cameras' users and passwords: in a file that only its owner may read, or in the environment.

They are never in the database, so that a copy of it can be handed on.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from filelock import FileLock, Timeout

from parkcore.cameras.addresses import Login
from parkcore.errors import SettingsError

LOCK_S = 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """The logins of cameras, by lot and camera.

    User and password are the environment's where it has them, and then never written into the
    file: `PARKCORE_LOGIN_<LOT>_<CAMERA>=user:password`; see `variable`.
    """

    file: Path

    def get(self, lot_id: str, camera_id: str) -> Login:
        """The login of a camera, an empty one where there is none.

        Raises:
            SettingsError: the file cannot be read, or others may read it too.
        """
        kept = self.kept(lot_id, camera_id)
        given = os.environ.get(variable(lot_id, camera_id))
        if given is None:
            return kept
        user, _, password = given.partition(":")
        return Login(user, password, kept.query)

    def is_in_environment(self, lot_id: str, camera_id: str) -> bool:
        """Whether the environment says user and password, so that the file's are not used."""
        return variable(lot_id, camera_id) in os.environ

    def kept(self, lot_id: str, camera_id: str) -> Login:
        """The login of a camera in the file, whatever the environment says.

        Raises:
            SettingsError: the file cannot be read, or others may read it too.
        """
        found = self._read().get(_key(lot_id, camera_id))
        return Login(**found) if found else Login()

    def check(self) -> int:
        """How many logins the file holds.

        Raises:
            SettingsError: it cannot be used.
        """
        return len(self._read())

    def put(self, lot_id: str, camera_id: str, login: Login) -> None:
        """Keep the login of a camera in the file; an empty one removes it.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        if not login and _key(lot_id, camera_id) not in self._read():
            return
        # A link stays one: what it leads to is written, and locked whoever comes by which name.
        file = Path(os.path.realpath(self.file))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{file}.lock", timeout=LOCK_S):
                _clear_unfinished(file)
                logins = self._read()
                before = dict(logins)
                logins.pop(_key(lot_id, camera_id), None)
                if login:
                    logins[_key(lot_id, camera_id)] = asdict(login)
                if logins != before:
                    _write(file, logins)
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
            with self.file.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
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
            logins = json.loads(content.decode())
            for login in logins.values():
                _check(Login(**login))
        except (ValueError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{self.file} is not a file of logins that can be used; expected such as"
                ' {"lot/camera": {"user": "…", "password": "…"}}'
            ) from error
        return dict(logins)


def _write(file: Path, logins: dict[str, Any]) -> None:
    """Whole or not at all; `NamedTemporaryFile` makes files that only the owner may read."""
    unfinished: Path | None = None
    try:
        with NamedTemporaryFile(
            "w",
            dir=file.parent,
            prefix=f".{file.name}.",
            suffix=".part",
            encoding="utf-8",
            delete=False,
        ) as out:
            unfinished = Path(out.name)
            json.dump(logins, out, indent=2, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)  # closed before: Windows renames no open file
    except BaseException:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        raise


def _clear_unfinished(file: Path) -> None:
    """Remove what writers left that were killed; under the lock nobody is writing."""
    for left in file.parent.glob(f".{glob.escape(file.name)}.*.part"):
        left.unlink(missing_ok=True)


def _check(login: Login) -> None:
    texts = (login.user, login.password, *login.query.keys(), *login.query.values())
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a login is made of texts")


def variable(lot_id: str, camera_id: str) -> str:
    """The environment variable that may hold a camera's login, another one for every camera.

    Letters and digits are themselves, in capitals; anything else is the `_XX` of its bytes, and
    then two `_` part lot and camera instead of one. Capitals do not tell names apart.
    """
    names = [_escaped(lot_id), _escaped(camera_id)]
    return "PARKCORE_LOGIN_" + ("__" if needs_escaping(lot_id, camera_id) else "_").join(names)


def needs_escaping(lot_id: str, camera_id: str) -> bool:
    """Whether the variable's name is not told by the camera's."""
    return not re.fullmatch("[A-Za-z0-9]*", lot_id + camera_id)


def _escaped(name: str) -> str:
    def codes(found: re.Match[str]) -> str:
        return "".join(f"_{byte:02X}" for byte in found[0].encode(errors="surrogatepass"))

    return re.sub("[^A-Za-z0-9]", codes, name).upper()


def _key(lot_id: str, camera_id: str) -> str:
    return f"{lot_id}/{camera_id}"
