"""Migrations of the second opinion. An applied one is never edited."""

from sqlite_utils import Database

from parkcore.sqlite import history_schema  # noqa: F401 – its migrations come first
from parkcore.sqlite.first_schema import migrations


@migrations()
def m006_second_opinion(db: Database) -> None:
    # Name and version of the classifier that took part in a judgement; null where none did.
    for table in ("judgements", "run_judgements"):
        db.execute(f"alter table {table} add column second_opinion text")
