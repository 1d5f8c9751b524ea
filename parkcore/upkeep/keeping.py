"""Thinning: taking away what is older than the rules allow; the same walk says what would go.

Files go before it is noted that they are gone: whatever ends a run in between, the next one finds
the file missing and notes it. What figures are made of does not change by any of it.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from parkcore.sqlite.retention_store import Old, StoredPhoto
from parkcore.storage import Storage
from parkcore.store import Store
from parkcore.upkeep.photo_files import PhotoFiles, Place
from parkcore.upkeep.retention import (
    BIN,
    EVERY_LOT,
    KEEP_ALL,
    LotThinned,
    Retention,
    Share,
    Thinning,
    believed,
)

log = logging.getLogger(__name__)

NOTED_AT_ONCE = 100
"""Files that go before it is noted."""

MOST_PROBLEMS = 20

DAILY = timedelta(hours=20)
"""Less than a day, so that a run is not left out because the one before took long."""


def dry_run(
    store: Store,
    storage: Storage,
    *,
    at: datetime,
    rules: Mapping[str, Retention] | None = None,
) -> Thinning:
    """What `thin` would take away now; nothing is changed.

    Args:
        at: the time that ages are counted with.
        rules: instead of those that are set, to try them.
    """
    return _Walk(store, storage, at, dry=True, rules=rules).run()


def thin(store: Store, storage: Storage, *, at: datetime) -> Thinning:
    """Take away what is older than the rules allow. May be ended at any moment and repeated.

    A file that cannot be deleted is one of the `problems`, and stays with its snapshot.

    Args:
        at: the time that ages are counted with; a lot's ages never count from later than its
            newest photo.

    Raises:
        StoreError: nothing can be noted any more, such as on a full disk.
    """
    done = _Walk(store, storage, at, dry=False).run()
    store.save_thinning(done)
    return done


def thin_unattended(store: Store, storage: Storage, *, now: datetime | None = None) -> Thinning:
    """The same, with a clock that is not believed to leap; see `retention.believed`."""
    now, last = now or datetime.now(UTC), store.last_thinning()
    at = believed(now, last[1].at if last else None)
    if at < now:
        log.warning(
            "the clock says %s, more than %d days after the last run: ages are counted with %s",
            f"{now:%Y-%m-%d}", (at - last[1].at).days if last else 0, f"{at:%Y-%m-%d}",
        )  # fmt: skip
    return thin(store, storage, at=at)


def is_due(store: Store, now: datetime) -> bool:
    """Whether the last run was so long ago that the next of every day may be."""
    last = store.last_thinning()
    return last is None or abs(now - last[0]) >= DAILY


@dataclass(slots=True)
class _Walk:
    """One run over all lots."""

    store: Store
    storage: Storage
    at: datetime
    dry: bool
    rules: Mapping[str, Retention] | None = None
    _lots: dict[str, LotThinned] = field(default_factory=dict)
    _problems: list[str] = field(default_factory=list)
    _untold: int = 0
    _to_note: list[StoredPhoto] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    @property
    def _files(self) -> PhotoFiles:
        return PhotoFiles(self.storage, self._problem)

    def run(self) -> Thinning:
        groups = list(self._groups())
        binned = self.at - BIN
        managed = {lot_id for rule, lots in groups if _thins_photos(rule) for lot_id in lots}
        for photo in self.store.binned_photos(binned):
            if photo.lot_id in managed:
                self._remove(photo)
        self._note()
        purged = self.store.binned(binned)
        if not self.dry:
            self.store.purge(binned)
        for rule, lots in groups:
            self._thin_photos(rule, lots)
            self._note()
            for lot_id in lots:
                self._thin_rows(rule, lot_id, binned)
        if self._untold:
            self._problems.append(f"… and {self._untold} more")
        lots_thinned = tuple(self._lots[lot_id] for lot_id in sorted(self._lots))
        return Thinning(self.at, lots_thinned, purged, tuple(self._problems))

    def _groups(self) -> Iterator[tuple[Retention, list[str]]]:
        """The rules with the lots that they hold for: the samples only have rules of their own."""
        rules = self.store.retention() if self.rules is None else self.rules
        others = [lot.id for lot in self.store.lots() if lot.id not in rules and not lot.is_sample]
        yield rules.get(EVERY_LOT, KEEP_ALL), others
        for lot in self.store.lots():
            if lot.id in rules:
                yield rules[lot.id], [lot.id]

    def _before(self, lot_id: str, days: int | None) -> datetime | None:
        """What is older than so many days; None where nothing is."""
        newest = self.store.newest_photo(lot_id) if days is not None else None
        if days is None or newest is None:
            return None
        return min(self.at, newest) - timedelta(days=days)

    # -- photos ---------------------------------------------------------------------------

    def _thin_photos(self, rule: Retention, lots: Sequence[str]) -> None:
        if not _thins_photos(rule) or not lots:
            return
        old = {lot_id: self._before(lot_id, rule.photos_days) for lot_id in lots}
        # whatever room they take, the photos of a lot's last day stay
        spare = {lot_id: self._before(lot_id, 1) for lot_id in lots}
        last = max((at for at in old.values() if at is not None), default=None)
        excess = self._excess(rule, lots)
        for photo in self._photos(lots):
            lot_id, at = photo.lot_id, photo.captured_at
            if excess <= 0 and (last is None or at >= last):
                break
            is_old = _is_before(at, old[lot_id]) or (excess > 0 and _is_before(at, spare[lot_id]))
            if not is_old or photo.snapshot_id in self._seen:
                continue
            if photo.corrected and not rule.corrected_too:
                self._add(lot_id, corrected=1)
            elif self._remove(photo) != "gone":
                excess -= photo.size_bytes
        if excess > 0:
            self._problem(
                f"the photos of {', '.join(lots)} that may not go take {excess / 1e6:,.1f} MB more"
                " than they may; raise the limit"
            )

    def _photos(self, lots: Sequence[str]) -> Iterator[StoredPhoto]:
        """Of all cameras of some lots, oldest first."""
        streams = [
            self.store.stored_photos(camera.lot_id, camera.id)
            for camera in self.store.cameras()
            if camera.lot_id in lots
        ]
        return heapq.merge(*streams, key=lambda photo: (photo.captured_at, photo.snapshot_id))

    def _excess(self, rule: Retention, lots: Sequence[str]) -> int:
        """By how many bytes the photos are more than the rule allows."""
        if rule.photos_mb is None:
            return 0
        most = rule.photos_mb * 1_000_000
        if self.store.photo_bytes(lots) <= most:
            return 0
        there = (
            photo.size_bytes
            for photo in self._photos(lots)
            if photo.snapshot_id not in self._seen and self.storage.path(photo.file).exists()
        )
        return sum(there) - most

    def _remove(self, photo: StoredPhoto) -> Place:
        """Delete a photo's file, or only count it."""
        self._seen.add(photo.snapshot_id)
        place = self._files.place(photo)
        if place == "out of reach":
            return place
        if place == "here":
            if not self.dry and not self._files.unlink(photo):
                return place
            at = photo.captured_at
            self._add(photo.lot_id, photos=Share(1, photo.size_bytes, at, at))
        else:
            self._add(photo.lot_id, missing=1)
        self._to_note.append(photo)
        if len(self._to_note) >= NOTED_AT_ONCE:
            self._note()
        return place

    def _note(self) -> None:
        if self._to_note and not self.dry:
            self.store.mark_gone(self._to_note)
        self._to_note.clear()

    # -- rows -----------------------------------------------------------------------------

    def _thin_rows(self, rule: Retention, lot_id: str, binned: datetime) -> None:
        small = self._before(lot_id, rule.thumbnails_days)
        whole = self._before(lot_id, rule.snapshots_days)
        if small is not None:
            which = Old(lot_id, small, rule.corrected_too, binned)
            count, drop = self.store.old_thumbnails, self.store.drop_thumbnails
            self._add(lot_id, thumbnails=self._all(which, count, drop))
        if whole is not None:
            which = Old(lot_id, whole, rule.corrected_too, binned)
            count, drop = self.store.old_snapshots, self.store.drop_snapshots
            self._add(lot_id, snapshots=self._all(which, count, drop))

    def _all(
        self, which: Old, count: Callable[[Old], Share], drop: Callable[[Old], Share]
    ) -> Share:
        if self.dry:
            return count(which)
        total = Share()
        while (some := drop(which)).number:
            total += some
        return total

    # -- what is said ---------------------------------------------------------------------

    def _add(
        self,
        lot_id: str,
        *,
        photos: Share | None = None,
        thumbnails: Share | None = None,
        snapshots: Share | None = None,
        corrected: int = 0,
        missing: int = 0,
    ) -> None:
        lot = self._lots.get(lot_id, LotThinned(lot_id))
        self._lots[lot_id] = replace(
            lot,
            photos=lot.photos + (photos or Share()),
            thumbnails=lot.thumbnails + (thumbnails or Share()),
            snapshots=lot.snapshots + (snapshots or Share()),
            corrected=lot.corrected + corrected,
            missing=lot.missing + missing,
        )

    def _problem(self, said: str) -> None:
        if said in self._problems:
            return
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(said)
        else:
            self._untold += 1


def _thins_photos(rule: Retention) -> bool:
    return rule.photos_days is not None or rule.photos_mb is not None


def _is_before(at: datetime, moment: datetime | None) -> bool:
    return moment is not None and at < moment
