"""The database's schema as numbered migrations. An applied one is never edited: add the next."""

from parkcore.sqlite import check_schema, first_schema, history_schema, opinion_schema
from parkcore.sqlite.first_schema import migrations

__all__ = ["NAMES", "migrations"]

NAMES = frozenset(
    name
    for room in (first_schema, history_schema, opinion_schema, check_schema)
    for name in vars(room)
    if name.startswith("m0")
)
"""The migrations that this Parkcore knows."""
