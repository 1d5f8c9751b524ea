"""The health as Prometheus metrics: https://prometheus.io/docs/practices/naming/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from parkcore.service.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(
    health: Health,
    vehicles: Mapping[tuple[str, str, str], int],
    places: Mapping[tuple[str, str], int],
) -> bytes:
    """The text that Prometheus reads.

    Args:
        vehicles: per lot, camera and type the count of the latest snapshot.
        places: per lot how many are free, taken and unknown now.
    """
    registry = CollectorRegistry()
    registry.register(_Health(health, vehicles, places))
    return generate_latest(registry)


@dataclass(frozen=True, eq=False)
class _Health(Collector):
    health: Health
    vehicles: Mapping[tuple[str, str, str], int]
    places: Mapping[tuple[str, str], int]

    def collect(self) -> Iterator[Metric]:
        h = self.health
        for name, said, value in (
            ("snapshots", "Snapshots recorded so far.", h.snapshots),
            ("failed_photos", "Photos that could not be read.", h.failures),
            ("photos_last_hour", "Photos taken within the last hour.", h.photos_last_hour),
            ("database_bytes", "Size of the database.", h.database_bytes),
            ("disk_free_bytes", "Free space where the photos are.", h.disk_free_bytes),
            ("healthy", "1 where nothing needs to be seen to.", int(h.ok)),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"parkcore_{name}", said, value)
        yield from self._parts()
        yield from self._cameras()
        counts = GaugeMetricFamily(
            "parkcore_vehicles",
            "Vehicles on the latest photo.",
            labels=["lot", "camera", "type"],
        )
        for labels, count in self.vehicles.items():
            counts.add_metric(labels, count)
        yield counts
        states = GaugeMetricFamily(
            "parkcore_places", "Places of a lot by state, now.", labels=["lot", "state"]
        )
        for place, number in self.places.items():
            states.add_metric(place, number)
        yield states

    def _parts(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("parkcore_part_up", "1 where it runs.", labels=["part"])
        queue = GaugeMetricFamily("parkcore_part_queue", "What is waiting.", labels=["part"])
        for part in self.health.parts:
            up.add_metric([part.name], int(part.level == "ok"))
            if part.state is not None:
                queue.add_metric([part.name], part.state.queue)
        yield from (up, queue)

    def _cameras(self) -> Iterator[Metric]:
        labels = ["lot", "camera"]
        up = GaugeMetricFamily(
            "parkcore_camera_up", "1 where pictures arrive, or none are due.", labels=labels
        )
        pictures = GaugeMetricFamily(
            "parkcore_camera_last_picture_timestamp_seconds",
            "When the latest picture was taken.",
            labels=labels,
        )
        success = GaugeMetricFamily(
            "parkcore_camera_last_success_timestamp_seconds",
            "When the camera last gave a picture.",
            labels=labels,
        )
        for camera in self.health.cameras:
            place = [camera.lot_id, camera.camera_id]
            up.add_metric(place, int(camera.level in ("ok", "off")))
            _add_time(pictures, place, camera.last_picture_at)
            _add_time(success, place, camera.last_success_at)
        yield from (up, pictures, success)


def _add_time(metric: GaugeMetricFamily, labels: list[str], at: datetime | None) -> None:
    if at is not None:
        metric.add_metric(labels, at.timestamp())
