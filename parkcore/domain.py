"""The values everything else speaks in. Frozen, checked on creation, free of I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt

from parkcore.cameras.addresses import split_secrets
from parkcore.cameras.schedule import Schedule
from parkcore.names import check_capacity, check_name

Image: TypeAlias = npt.NDArray[np.uint8]
"""Upright RGB pixels, shape (height, width, 3)."""

Label = Literal["car", "motorcycle", "bus", "truck"]
LABELS: tuple[Label, ...] = get_args(Label)

TimeSource = Literal["exif", "filename", "mtime", "now"]
"""Where a capture time comes from, best first."""

Level = Literal["quiet", "moderate", "busy", "full"]

DEFAULT_CAMERA = "main"
"""The camera of photos that lie directly in a lot's folder or come from the upload page."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels of the upright photo; x to the right, y down."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not (self.x1 < self.x2 and self.y1 < self.y2):
            raise ValueError(f"a box needs x1 < x2 and y1 < y2, but got {self.as_tuple()}")

    @property
    def area(self) -> float:
        """In square pixels."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    @property
    def longer_side(self) -> float:
        """In pixels."""
        return max(self.x2 - self.x1, self.y2 - self.y1)

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x1, self.y1, self.x2, self.y2)


@dataclass(frozen=True, slots=True)
class Detection:
    """One vehicle that the detector saw."""

    label: Label
    confidence: float
    box: Box

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise ValueError(f"a label is one of {', '.join(LABELS)}, but got {self.label!r}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence is 0..1, but got {self.confidence}")


@dataclass(frozen=True, slots=True)
class Vehicles:
    """How many vehicles of each type."""

    car: int = 0
    motorcycle: int = 0
    bus: int = 0
    truck: int = 0

    @classmethod
    def count(cls, detections: Iterable[Detection]) -> Self:
        return cls(**Counter[str](detection.label for detection in detections))

    @property
    def total(self) -> int:
        return self.car + self.motorcycle + self.bus + self.truck

    def as_dict(self) -> dict[str, int]:
        return {label: cast(int, getattr(self, label)) for label in LABELS}

    def __add__(self, other: Vehicles) -> Vehicles:
        mine, theirs = self.as_dict(), other.as_dict()
        return Vehicles(**{label: mine[label] + theirs[label] for label in LABELS})


@dataclass(frozen=True, slots=True)
class Lot:
    """One parking facility. Its id is the name of its folder below the storage folder."""

    id: str
    name: str
    capacity: int | None = None
    is_sample: bool = False

    def __post_init__(self) -> None:
        check_name("lot", self.id)
        check_capacity(self.capacity)


@dataclass(frozen=True, slots=True)
class Camera:
    """One viewpoint of a lot.

    `capacity` is the number of spaces that this camera sees. Without one it is taken to see
    the whole lot, as long as the lot has no other camera.
    """

    lot_id: str
    id: str
    capacity: int | None = None

    def __post_init__(self) -> None:
        check_name("camera", self.id)
        check_capacity(self.capacity)


@dataclass(frozen=True, slots=True)
class IpCamera:
    """Where a camera is asked for pictures, and when. Its login is kept apart."""

    lot_id: str
    id: str
    address: str
    schedule: Schedule = field(default_factory=Schedule)
    paused: bool = False
    verify_tls: bool = True
    """False where the certificate of https or rtsps is not checked, as self-signed ones need."""

    def __post_init__(self) -> None:
        check_name("lot", self.lot_id)
        check_name("camera", self.id)
        if split_secrets(self.address)[0] != self.address:
            raise ValueError("a camera's address is kept without its login; see `split_secrets`")


@dataclass(frozen=True, slots=True)
class CameraState:
    """How the looks at an IP camera went so far."""

    lot_id: str
    camera_id: str
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
    failures_in_row: int = 0
    milliseconds: float | None = None
    """What the last good look took."""
    fingerprint: bytes = b""
    """Of the picture that tells whether the camera is frozen; see `picture.fingerprint`."""
    same_since: datetime | None = None
    """Since when the picture has been that one."""


@dataclass(frozen=True, slots=True)
class PartState:
    """What a part of the service, such as the watcher, says of itself every few seconds."""

    name: str
    pid: int
    started_at: datetime
    seen_at: datetime
    queue: int = 0
    """Photos, or looks, that are waiting."""
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
    note: str = ""
    """How it works at present, such as by polling."""
    fault: str = ""
    """Why it cannot work at present."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of one photo besides its pixels."""

    file: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    captured_at: datetime
    time_source: TimeSource
    lot_id: str
    camera_id: str

    def __post_init__(self) -> None:
        if self.captured_at.tzinfo is None:
            raise ValueError(f"captured_at needs a time zone, but got {self.captured_at}")


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What judged a photo: weights, their version, and the settings that matter."""

    model: str
    version: str
    confidence: float
    imgsz: int


Said: TypeAlias = Literal["occupied", "vacant"]
"""What a person says of a space."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says of a snapshot instead of what the machine saw."""

    vehicles: Vehicles | None = None
    """None where the machine's count stands."""
    spaces: Mapping[str, Said] = field(default_factory=dict)
    """Only the spaces that were put right, and of these only those that are still where they were
    where the photo is judged by another layout by now."""
    at: datetime | None = None
    """When it was said; None until it is recorded."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One analysed photo of one camera at one moment."""

    photo: Photo
    vehicles: Vehicles
    detector: DetectorInfo
    milliseconds: float
    detections: tuple[Detection, ...] | None = None
    """None where the list was not asked for; the counts are always there."""
    note: str = ""
    """What is doubtful about the photo, such as a capture time that was not believed."""
    id: int | None = None
    """None until it is recorded."""
    correction: Correction | None = None
    deleted_at: datetime | None = None
    """Deleted ones can be brought back for a while."""

    @property
    def counted(self) -> Vehicles:
        """The vehicles that figures are made of: what a person said, else what was seen."""
        return (self.correction and self.correction.vehicles) or self.vehicles


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be read, and why."""

    file: str
    lot_id: str
    camera_id: str
    reason: str
    failed_at: datetime
    attempts: int = 1
    in_storage: bool = True
    """False where the file was refused at the door and is not kept."""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Vehicles against capacity."""

    vehicles: Vehicles
    capacity: int | None

    @property
    def rate(self) -> float | None:
        """Share of the capacity in use: 0..1, more than 1 when there are more vehicles than
        spaces; None without a capacity."""
        return None if self.capacity is None else self.vehicles.total / self.capacity

    @property
    def percent(self) -> int | None:
        """The rate in whole percent, rounded down, so that no level is read before it begins."""
        return None if self.capacity is None else 100 * self.vehicles.total // self.capacity

    @property
    def free(self) -> int | None:
        """Spaces left, negative when there are more vehicles than spaces."""
        return None if self.capacity is None else self.capacity - self.vehicles.total
