"""One family of errors: whatever Parkcore raises on purpose is a `ParkcoreError`."""


class ParkcoreError(Exception):
    """Base of every error that Parkcore raises on purpose; its text is meant for the user."""


class SettingsError(ParkcoreError):
    """A setting has a value that cannot be used."""


class UnreadablePhoto(ParkcoreError):
    """The bytes are not a photo that can be read whole. Never to be taken for an empty lot."""


class ModelError(ParkcoreError):
    """The weights are missing, damaged, or not those of a vehicle detector."""


class StoreError(ParkcoreError):
    """The database cannot be opened, read or written."""


class FolderError(ParkcoreError):
    """A folder of photos is missing or cannot be read."""


class NothingLabelled(FolderError):
    """A labelled set has no photo that can be measured on, or none of the split."""


class UnknownLot(ParkcoreError):
    """No lot or camera of that name."""


class CameraError(ParkcoreError):
    """An IP camera gave no picture that can be used; the text never holds a password."""


class AlreadyRunning(ParkcoreError):
    """Another process does this work for the same database."""


class LayoutError(ParkcoreError):
    """A layout cannot be read, or is not the one that it was taken for."""


class LayoutConflict(LayoutError):
    """Somebody else has changed the layout meanwhile; nothing was overwritten."""


class NotEnoughHistory(ParkcoreError):
    """Too little was seen for a figure to be worth anything; says what there is and is needed."""


class OutputError(ParkcoreError):
    """A file that was asked for cannot be made."""


class RunError(ParkcoreError):
    """A run over recorded photos is not there, or cannot be switched."""
