"""Settings: flags, else `PARKCORE_<NAME>`, else `parkcore.toml`, else the models that were switched
over to, else the defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as PydanticSettingsError,
)
from tzlocal import get_localzone_name

from parkcore import chosen_models
from parkcore.errors import SettingsError
from parkcore.history.opening import OpeningHours
from parkcore.names import check_name
from parkcore.occupancy import Thresholds

DEFAULT_MODEL = "parkcore-yolov8n.pt"
DEFAULT_OPINION = "parkcore-spaces.pt"
DEFAULT_STREET_MODEL = "parkcore-streets.pt"
OFF = "off"
"""The word for going without a model."""
TOML_FILE = "parkcore.toml"
CHOSEN_FILE = "parkcore-chosen.toml"


class Settings(BaseSettings):
    """Every setting of Parkcore. Made once, by `load`, and passed on as plain values."""

    model_config = SettingsConfigDict(
        env_prefix="PARKCORE_", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    db: Path = Field(Path("parkcore.db"), description="The SQLite database with the history.")
    storage: Path = Field(
        Path("storage_photo"), description="The folder with the photos: LOT/CAMERA/photo.jpg."
    )
    model: str = Field(
        DEFAULT_MODEL,
        description="YOLOv8 weights: a file, or an official name such as yolov8s.pt.",
    )
    eight_bit: bool = Field(
        True,
        description="Run the model's 8-bit form where there is one: about half the time on a CPU.",
    )
    confidence: float = Field(
        0.25, gt=0, lt=1, description="Detections less sure than this are left out, 0..1."
    )
    street_model: str = Field(
        DEFAULT_STREET_MODEL,
        min_length=1,
        description="A second detector, which knows what streets show: a file, a name, or off.",
    )
    second_opinion: str = Field(
        DEFAULT_OPINION,
        min_length=1,
        description="The classifier that looks at doubtful spaces again: a file, or off.",
    )
    imgsz: int = Field(
        1280,
        ge=320,
        le=4096,
        description="Analysis size: the photo's longer side in pixels as the model sees it.",
    )
    fit_size: bool = Field(
        True,
        description="Look larger than imgsz where a camera's vehicles are small.",
    )
    max_megapixels: float = Field(
        50, gt=0, le=500, description="Larger photos are refused before they are decoded."
    )
    time_zone: str = Field(
        default_factory=get_localzone_name,
        description="The site's time zone, such as Europe/Madrid; else this machine's.",
    )
    default_lot: str = Field(
        "default", description="The lot of photos that lie directly in the storage folder."
    )
    stale_minutes: float = Field(
        60, gt=0, description="A lot's latest photo is called stale when it is older than this."
    )
    looks_to_fill: int = Field(
        1, ge=1, le=20, description="Photos in a row that must show a space taken to fill it."
    )
    looks_to_empty: int = Field(
        1, ge=1, le=20, description="Photos in a row that must show a space free to empty it."
    )
    watch: Literal["auto", "events", "polling"] = Field(
        "auto",
        description="How the watcher notices new photos; auto polls on network drives only.",
    )
    credentials: Path = Field(
        Path("parkcore-credentials.json"),
        description="The file with the logins of IP cameras, which only its owner may read.",
    )
    camera_timeout_s: float = Field(
        10, gt=0, le=300, description="Seconds that a look at an IP camera may take in all."
    )
    frozen_hours: float = Field(
        2, gt=0, description="A camera that shows the same picture for so long is called frozen."
    )
    api_token: SecretStr | None = Field(
        None,
        min_length=8,
        description="What programs that send photos to the app must know; without it none may.",
    )
    max_upload_mb: float = Field(
        30, gt=0, le=1000, description="Larger photos are refused by the app's interface."
    )
    checks_per_day: int = Field(
        5,
        ge=0,
        le=100,
        description="Spaces a day and camera that the page Accuracy asks about.",
    )
    moderate_from: float = Field(0.5, gt=0, description="Rate from which a lot is moderate.")
    busy_from: float = Field(0.8, gt=0, description="Rate from which a lot is busy.")
    full_from: float = Field(0.95, gt=0, description="Rate from which a lot is full.")
    opening_hours: str = Field(
        "",
        description="When lots are open, such as mon-fri 7-21, sat 9-14; else always.",
    )

    reports: Path | None = Field(
        None,
        description="The folder for a report on each lot's last week and month; without it none.",
    )

    @field_validator("db", "storage", "credentials", "reports")
    @classmethod
    def _of_the_user(cls, path: Path | None) -> Path | None:
        return path and path.expanduser()

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                "not a time zone that this machine knows; expected a name such as Europe/Madrid"
            ) from error
        return name

    @field_validator("default_lot")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        check_name("lot", name)
        return name

    @field_validator("opening_hours")
    @classmethod
    def _are_hours(cls, text: str) -> str:
        OpeningHours.read(text)
        return text

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        _ = self.thresholds
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def opening(self) -> OpeningHours | None:
        """None where it is not set."""
        return OpeningHours.read(self.opening_hours)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.moderate_from, self.busy_from, self.full_from)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if os.environ.get("PARKCORE_CONFIG") or toml_file().exists():
            toml_file().read_bytes()  # one that was named must be there
        toml = TomlConfigSettingsSource(settings_cls, toml_file())
        chosen = chosen_models.in_use(chosen_file())
        known: dict[str, Any] = {
            name: each for name, each in chosen.items() if name in settings_cls.model_fields
        }
        return init_settings, env_settings, toml, InitSettingsSource(settings_cls, known)


def toml_file() -> Path:
    """The settings file: `PARKCORE_CONFIG`, else `parkcore.toml` in the working folder."""
    return Path(os.environ.get("PARKCORE_CONFIG") or TOML_FILE)


def chosen_file() -> Path:
    """The file with the models that were switched over to, beside the settings file."""
    return toml_file().with_name(CHOSEN_FILE)


def load(**given: Any) -> Settings:
    """Read the settings; `given` (flags of the command line) come before everything else.

    Raises:
        SettingsError: a value cannot be used; the text names it and what was expected.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error
    except (PydanticSettingsError, ValueError, OSError) as error:
        raise SettingsError(f"{toml_file()} cannot be read: {error}") from error


def _explain(error: ValidationError) -> str:
    def line(problem: Any) -> str:
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            return str(message)
        name = problem["loc"][0]
        if problem["type"] == "extra_forbidden":
            return f"{toml_file()}: there is no setting {name!r}"
        if name == "api_token":
            is_short = problem["type"] == "too_short"
            said = "a token has 8 characters or more" if is_short else message
            return f"PARKCORE_API_TOKEN: {said}"
        return f"PARKCORE_{str(name).upper()}={str(problem['input'])!r}: {message}"

    return "; ".join(line(problem) for problem in error.errors())
