"""Migrations of the accuracy meter, and since. An applied one is never edited."""

from sqlite_utils import Database

from parkcore.sqlite import opinion_schema  # noqa: F401 – its migrations come first
from parkcore.sqlite.first_schema import migrations


@migrations()
def m007_checks(db: Database) -> None:
    # What a person answered when asked about a space, with what was judged of it then. An answer
    # outlives its snapshot when old ones are thinned, so that the figures stay.
    db.execute(
        "create table checks (id integer primary key,"
        " snapshot_id integer references snapshots(id) on delete set null,"
        " lot_id text not null, camera_id text not null, captured_at text not null,"
        " space_id text not null, state text not null, probability real, answer text not null,"
        " answered_at text not null, model text, model_version text, second_opinion text,"
        " light text) strict"
    )
    db.execute("create unique index idx_checks_space on checks (snapshot_id, space_id)")
    db.execute("create index idx_checks_camera on checks (lot_id, camera_id, captured_at)")


@migrations()
def m008_layouts_spoken_of(db: Database) -> None:
    # The layout whose spaces a person spoke of: in another one their names may mean other places.
    for table in ("checks", "corrections"):
        db.execute(f"alter table {table} add column layout_id integer")
        db.execute(
            f"update {table} set layout_id = (select j.layout_id from judgements j"
            f" where j.snapshot_id = {table}.snapshot_id)"
        )


@migrations()
def m009_areas_without_capacity(db: Database) -> None:
    # What stood in areas that do not say what they hold was added to what is taken of the other
    # places. It counts only where nothing else is marked.
    areas = "json_each(judgement, '$.areas') area"
    holds = "json_extract(area.value, '$.capacity') > 0"
    for table in ("judgements", "run_judgements"):
        db.execute(
            f"update {table} set in_areas = (select sum(json_extract(area.value, '$.vehicles'))"
            f" from {areas} where {holds}) where json_array_length(judgement, '$.areas') > 0"
            f" and (json_array_length(judgement, '$.spaces') > 0"
            f" or exists (select 1 from {areas} where {holds}))"
        )
    db.execute(
        "update hour_rules set complete = 0 where exists (select 1 from judgements"
        " where json_array_length(judgement, '$.areas') > 0)"
    )


@migrations()
def m010_cameras_from_their_first_photo(db: Database) -> None:
    # The hours took a lot for that of all its cameras, also of those that took no photo yet.
    db.execute(
        "update hour_rules set complete = 0 where exists"
        " (select 1 from cameras group by lot_id having count(*) > 1)"
    )


@migrations()
def m011_hours_as_the_overview_adds_up(db: Database) -> None:
    # Vehicles of a camera without marked spaces were held against the places of the others, and
    # areas and vehicles that two cameras see counted twice.
    db.execute(
        "update hour_rules set complete = 0 where exists"
        " (select 1 from layouts join cameras using (lot_id) group by lot_id"
        " having count(distinct cameras.id) > 1)"
    )
