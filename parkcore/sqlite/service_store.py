"""How the service is doing, in SQLite: what cameras and parts last said, for everybody to read."""

from __future__ import annotations

from collections.abc import Sequence

from parkcore.domain import CameraState, PartState
from parkcore.sqlite.database import Connection
from parkcore.sqlite.records import (
    camera_state_row,
    part_state_row,
    to_camera_state,
    to_part_state,
)


class ServiceStore(Connection):
    """States of cameras and parts. Every method may raise `StoreError`."""

    def camera_states(self) -> dict[tuple[str, str], CameraState]:
        """Per (lot, camera) how the looks at it went; only those that were looked at."""
        rows = self._rows("select * from camera_states")
        return {(row["lot_id"], row["camera_id"]): to_camera_state(row) for row in rows}

    def camera_state(self, lot_id: str, camera_id: str) -> CameraState:
        found = self.camera_states().get((lot_id, camera_id))
        return found or CameraState(lot_id, camera_id)

    def parts(self) -> list[PartState]:
        """Every part that has ever said something, by name."""
        return [to_part_state(row) for row in self._rows("select * from parts order by name")]

    def part(self, name: str) -> PartState | None:
        """What a part said last; None where it never did."""
        return next((state for state in self.parts() if state.name == name), None)

    def save_service(self, part: PartState, cameras: Sequence[CameraState] = ()) -> None:
        """Write down what a part says of itself, and of cameras that are still asked."""
        with self._write() as db:
            db.table("parts").upsert(part_state_row(part), pk="name")
            for state in cameras:
                if db.execute(
                    "select 1 from ip_cameras where lot_id = ? and camera_id = ?",
                    [state.lot_id, state.camera_id],
                ).fetchone():
                    db.table("camera_states").upsert(
                        camera_state_row(state), pk=("lot_id", "camera_id")
                    )
