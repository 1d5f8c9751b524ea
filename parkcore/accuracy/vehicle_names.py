"""What labelled sets call their vehicles, and which of the four types that is. Pure."""

from __future__ import annotations

import re

from parkcore.domain import Label

_NEAR = re.compile(
    r"(?<![a-z])(?:(?:auto|e)?[-_ ]?rickshaws?|tuk[-_ ]?tuks?|tempos?|tractors?|trailers?"
    r"|(?:three|3)[-_ ]?wheelers?|transport[-_ ]?vehicles?|(?:motor|bi)?cyclists?|riders?"
    r"|(?:awning[-_ ])?tricycles?)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_UNJUDGED = re.compile(r"(?<![a-z])(?:ignored?|don'?t[-_ ]?care|doubtful)(?![a-z])", re.IGNORECASE)
_NO_VEHICLE = re.compile(
    r"(?<![a-z])(?:non|no|not|without|free|empty|vacant)(?![a-z])"
    r"|(?<![a-z])(?:push[-_ ]?bikes?|kick[-_ ]?scooters?)(?![a-z])"
    r"|(?<![a-z])(?:licen[cs]e|registration|number)[-_ ]?plates?(?![a-z])"
    r"|(?<![a-z])(?:plates?|(?<!\d[-_ ])wheels?|tires?|tyres?|doors?|(?:head|tail)?lights?|windows?"
    r"|wind[-_ ]?shields?|seats?|mirrors?|bumpers?|stops?|stations?|lanes?|spaces?|spots?|slots?"
    r"|stalls?|logos?|keys?|drivers?|shadows?|helmets?|racks?|parks?)$",
    re.IGNORECASE,
)
"""Names of what is none although a vehicle's is part of them: "no car", "bus stop"."""
_WORDS: tuple[tuple[str, Label], ...] = (
    (r"motorcycles?|motor?[-_ ]?bikes?|motor[-_ ]?(?:scooters?|bicycles?)"
     r"|motors?(?![-_ ]?(?:vehicles?|cars?|homes?))"
     r"|bikes?|scooters?|mopeds?|motos?|(?:two|2)[-_ ]?wheelers?", "motorcycle"),
    (r"(?:mini|micro|omni|trolley)?bus(?:es)?|coach(?:es)?", "bus"),
    (r"(?:mini)?trucks?|lorry|lorries|ambulances?", "truck"),
    (r"cars?|vans?|minivans?|taxis?|jeeps?|suvs?|sedans?|hatchbacks?|pick[-_ ]?ups?"
     r"|automobiles?|motor[-_ ]?(?:cars?|homes?)|caravans?|(?:four|4)[-_ ]?wheelers?|vehicles?",
     "car"),
)  # fmt: skip
_TYPES = tuple(
    (re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE), label)
    for words, label in _WORDS
)


_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _forms(name: str) -> tuple[str, str]:
    """A name as it is, and with its words apart where they are joined as in "ParkedCar"."""
    return name, _WORD_BEGINS.sub(" ", name)


def vehicle_type(name: str) -> Label | None:
    """The type that a set's name for its boxes means; None where it is none of the four.

    "vehicle" alone is taken for a car. A bicycle is no motorcycle, a carrot no car, and a car's
    door or an empty car space is none.
    """
    forms = _forms(name)
    if is_neutral(name) or any(map(_NO_VEHICLE.search, forms)):
        return None
    return next((label for pattern, label in _TYPES if any(map(pattern.search, forms))), None)


def is_neutral(name: str) -> bool:
    """Whether to detect what has this name is neither right nor wrong.

    So it is with vehicles that are none of the four types but may well be taken for one, such as
    a rickshaw, and with places that a set leaves out: VisDrone's "ignored regions", KITTI's
    "DontCare".
    """
    return any(pattern.search(form) for pattern in (_NEAR, _UNJUDGED) for form in _forms(name))
