"""How right it is, measured."""
