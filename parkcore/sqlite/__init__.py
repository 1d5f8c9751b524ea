"""The history in SQLite: its schema, its rows, and the rooms of `parkcore.store.Store`."""
