"""Questions about single spaces: which are open, what is shown of them, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from parkcore.accuracy.meter import Answer, Check
from parkcore.accuracy.spot_checks import bounds, day_asked, random_order, seed_of
from parkcore.domain import Correction, Snapshot
from parkcore.spaces.ground import in_view, moved
from parkcore.spaces.judgement import IN_VIEW_FROM
from parkcore.spaces.layout import Point
from parkcore.spaces.verdict import Judged, SpaceState
from parkcore.store import Store


@dataclass(frozen=True, slots=True)
class Question:
    """A space on a photo, and what the machine judged, which is told after the answer only."""

    snapshot: Snapshot
    space: SpaceState
    outline: tuple[Point, ...]
    """Where it is on this photo, 0..1 of its width and height."""
    second_opinion: str = ""
    """The classifier that took part in the judgement; see `Judged`."""
    layout_id: int | None = None
    """The layout that the space is of."""

    def check(self, answer: Answer, *, light: str, now: datetime) -> Check:
        """What is kept of an answer."""
        photo, detector = self.snapshot.photo, self.snapshot.detector
        return Check(
            photo.lot_id, photo.camera_id, photo.captured_at, self.space.id, self.space.state,
            self.space.probability, answer, now, detector.model, detector.version,
            self.second_opinion, light, self.snapshot.id, self.layout_id,
        )  # fmt: skip


def day_of_questions(
    store: Store, lot_id: str, camera_id: str, *, now: datetime, zone: tzinfo
) -> date | None:
    """The day whose photos are asked about; None where no photo of the camera was judged."""
    newest = store.newest_judged(lot_id, camera_id)
    if newest is None:
        return None
    today = now.astimezone(zone).date()
    midnight, _ = bounds(today, zone)
    over = store.newest_judged(lot_id, camera_id, before=midnight)
    newest_over = None if over is None else over.astimezone(zone).date()
    return day_asked(newest.astimezone(zone).date(), newest_over, today)


def day_before(store: Store, lot_id: str, camera_id: str, day: date, zone: tzinfo) -> date | None:
    """The newest day before one, with photos that can be asked about."""
    begins, _ = bounds(day, zone)
    before = store.newest_judged(lot_id, camera_id, before=begins)
    return None if before is None else before.astimezone(zone).date()


def questions(
    store: Store, lot_id: str, camera_id: str, day: date, zone: tzinfo
) -> Iterator[Question]:
    """The open questions about a day's photos in their order, read as they are asked for.

    Spaces that are not to be seen on their photo are passed over.
    """
    photos = store.judged_photos(lot_id, camera_id, *bounds(day, zone))
    answered = {(each.snapshot_id, each.space_id) for each in store.checks(lot_id, camera_id)}
    for snapshot_id, number in random_order(photos, seed_of(lot_id, camera_id, day)):
        snapshot, judged = store.snapshot(snapshot_id), store.judged_by_machine(snapshot_id)
        if snapshot is None or judged is None or number >= len(judged.judgement.spaces):
            continue
        space = judged.judgement.spaces[number]
        outline = _outline(store, judged, space.id)
        if outline and (snapshot_id, space.id) not in answered:
            yield Question(snapshot, space, outline, judged.second_opinion, judged.layout_id)


def _outline(store: Store, judged: Judged, space_id: str) -> tuple[Point, ...] | None:
    """Where a space is on the photo; None where it is not, or not to be seen."""
    layout = store.layout_by_id(judged.layout_id)
    drawn = {space.id: space.polygon for space in layout.spaces} if layout else {}
    if judged.is_elsewhere or space_id not in drawn:
        return None
    corners = moved(drawn[space_id], judged.homography)
    if in_view([corners], (1, 1))[0] < IN_VIEW_FROM:
        return None
    return tuple((float(x), float(y)) for x, y in corners)


def answered_about(store: Store, lot_id: str, camera_id: str, day: date, zone: tzinfo) -> int:
    """How many questions about a day's photos were answered."""
    since, until = bounds(day, zone)
    checks = store.checks(lot_id, camera_id)
    return sum(since <= check.captured_at < until for check in checks)


def correct(store: Store, check: Check) -> Correction:
    """Put the history right by an answer; what else was corrected on that photo stays, as far as
    the places are marked as they were.

    Returns:
        What was said of the photo before; see `take_back`.

    Raises:
        StoreError: the snapshot is not there any more.
    """
    snapshot = store.snapshot(check.snapshot_id or 0)
    before = (snapshot and snapshot.correction) or Correction()
    if check.answer != "unclear":
        spaces = {**before.spaces, check.space_id: check.answer}
        store.correct(check.snapshot_id or 0, Correction(before.vehicles, spaces))
    return before


def take_back(store: Store, check: Check, before: Correction) -> None:
    """Take back what `correct` put right; what else was corrected since stays.

    Args:
        before: what `correct` said.

    Raises:
        StoreError: the snapshot is not there any more.
    """
    snapshot = store.snapshot(check.snapshot_id or 0)
    now = (snapshot and snapshot.correction) or Correction()
    spaces = {name: state for name, state in now.spaces.items() if name != check.space_id}
    if check.space_id in before.spaces:
        spaces[check.space_id] = before.spaces[check.space_id]
    store.correct(check.snapshot_id or 0, Correction(now.vehicles, spaces))
