"""Marked spaces: layouts, and what a photo says of them."""
