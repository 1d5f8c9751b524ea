"""The colours of photos and charts. Free is green and occupied is red; the types of vehicle
keep clear of both, and differ in lightness for colour-blind readers (after Okabe and Ito)."""

from parkcore.domain import Label, Level

VEHICLE: dict[Label, str] = {
    "car": "#3BA7E8",
    "motorcycle": "#F5B700",
    "bus": "#8E5BD0",
    "truck": "#E0709F",
}
LEVEL: dict[Level, str] = {
    "quiet": "#15803D",
    "moderate": "#65A30D",
    "busy": "#D97706",
    "full": "#DC2626",
}

SPACE = {"occupied": "#DC2626", "vacant": "#16A34A", "unknown": "#6B7280"}
"""Free is green, occupied is red, what could not be told is grey."""

USE = ("#EFF3FF", "#BDD7E7", "#6BAED6", "#3182BD", "#08519C")
"""How much a space was used, in fifths: darker is more, so that no hue need be told apart
(ColorBrewer's Blues, by Brewer and Harrower)."""

STRAY = "#FF7A00"
"""Of a vehicle that stands in no space; it has a number beside its colour."""
