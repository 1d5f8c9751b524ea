"""The models that were switched over to: a small file beside the settings, with the way back.

```toml
[[chosen]]
at = 2026-11-23T05:00:00Z
second_opinion = "models/parkcore-spaces-2026-11-23-212.pt"
```

The last entry is in use, and `parkcore train --back` takes it away. It is written whole or not at
all, so that whoever is killed meanwhile leaves what was in use.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from parkcore.errors import SettingsError

Part: TypeAlias = Literal["model", "second_opinion"]
PARTS: tuple[Part, ...] = ("model", "second_opinion")
"""The settings that can be chosen: the detector, and the classifier of spaces."""

_HEAD = (
    "# Written by `parkcore train`. The last entry is in use; `parkcore train --back` takes it"
    " away.\n"
)


def in_use(file: Path) -> dict[Part, str]:
    """The models that were chosen, as settings; those in the file's own folder with it before
    them, so that they are found from wherever it is read.

    Raises:
        SettingsError: the file cannot be read.
    """
    entries = _read(file)
    latest = entries[-1] if entries else {}
    return {part: str(_from(file, latest[part])) for part in PARTS if part in latest}


def choose(file: Path, weights: Mapping[Part, Path], *, now: datetime | None = None) -> None:
    """Use other weights from now on, all at once; what else was chosen stays.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    entries = _read(file)
    latest = {key: value for key, value in (entries[-1] if entries else {}).items() if key != "at"}
    new: dict[str, Any] = {part: _seen_from(file, path) for part, path in weights.items()}
    entry: dict[str, Any] = {"at": now or datetime.now(UTC), **latest, **new}
    _write(file, [*entries, entry])


def go_back(file: Path) -> dict[Part, str]:
    """Use again what was used before the last choice; what is chosen then.

    Raises:
        SettingsError: nothing was chosen, or the file cannot be read or written.
    """
    entries = _read(file)
    if not entries:
        raise SettingsError("no model was switched over to, so there is nothing to go back from")
    _write(file, entries[:-1])
    return in_use(file)


def _from(file: Path, weights: str) -> Path:
    return file.parent / weights


def _seen_from(file: Path, weights: Path) -> str:
    folder, whole = file.parent.absolute(), weights.absolute()
    inside = whole.relative_to(folder) if whole.is_relative_to(folder) else whole
    return inside.as_posix()


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    try:
        entries = tomllib.loads(text).get("chosen", [])
        if not all(isinstance(each.get(part, ""), str) for each in entries for part in PARTS):
            raise ValueError("a model is the name of a file")
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"{file} is not what `parkcore train` writes ({error}); remove it to use the usual"
            " models"
        ) from error
    return list(entries)


def _write(file: Path, entries: list[dict[str, Any]]) -> None:
    try:
        if not entries:
            file.unlink(missing_ok=True)
            return
        unfinished = file.with_name(f"{file.name}.unfinished")
        unfinished.write_text(_HEAD + "".join(map(_entry, entries)), encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be written ({error.strerror}); the models in use stay as they are"
        ) from error


def _entry(values: Mapping[str, Any]) -> str:
    lines = ["", "[[chosen]]"]
    for key, value in values.items():
        # a JSON string is a TOML string as well, but for pairs of surrogates
        is_time = isinstance(value, datetime)
        told = value.isoformat() if is_time else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key} = {told}")
    return "\n".join(lines) + "\n"
