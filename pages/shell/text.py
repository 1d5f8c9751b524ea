"""Text from outside, such as names of files, as Markdown shows it literally."""


def plain(text: str) -> str:
    """A file's or lot's name without the meaning Markdown would give its characters."""
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return "".join("\\" + c if c in r"\`*_{}[]<>()#+-.!|~:$&" else c for c in printable)


def code(text: str) -> str:
    """Text as Markdown shows code: an address is no link there."""
    return f"`{text.replace('`', '%60')}`"
