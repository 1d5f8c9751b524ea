"""Addresses of cameras: which are allowed, and how their secrets are kept apart from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

SCHEMES = ("http", "https", "rtsp", "rtsps")
HIDDEN = "***"

_SECRET_KEY = re.compile(r"(?:pass|pwd|psw|pw$|secret|token|auth|key$|sid$|session)", re.IGNORECASE)
_EXPECTED = "expected such as rtsp://192.168.1.20:554/stream1 or http://192.168.1.20/snapshot.jpg"
_APART = (
    "write user and password into their own fields, or write each such character as its %-code"
    " (@ is %40, : is %3A, / is %2F, ? is %3F)"
)


@dataclass(frozen=True, slots=True)
class Login:
    """What a camera asks for before it shows anything. Its text never shows what it holds."""

    user: str = ""
    password: str = field(default="", repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)
    """Secret values of the address's query, such as `pwd` of `snapshot.cgi?pwd=…`."""

    def __bool__(self) -> bool:
        return bool(self.user or self.password or self.query)


def split_secrets(text: str) -> tuple[str, Login]:
    """An address as it may be kept and shown, and the secrets that it held.

    Raises:
        ValueError: not an address of a camera. The message never shows a password.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in SCHEMES:
        begins = f"{scheme[:12]}://" if separator else "something else"
        raise ValueError(
            f"a camera's address begins with {', '.join(f'{each}://' for each in SCHEMES)}, but"
            f" this with {begins}; {_EXPECTED}"
        )
    if re.search(r"[\s\x00-\x1f\x7f]", rest):
        raise ValueError(f"a camera's address has no spaces or control characters; {_EXPECTED}")
    userinfo, place = _split_userinfo(rest)
    user, _, password = userinfo.partition(":")
    _check_place(place)
    address, query = _hide_query(f"{scheme.lower()}://{place.partition('#')[0]}")
    return address, Login(unquote(user), unquote(password), query)


def with_secrets(address: str, login: Login, *, in_address: bool) -> str:
    """The address to ask, with what `split_secrets` took out.

    Args:
        in_address: user and password too, for programs that take them nowhere else.
    """
    before, mark, query = address.partition("?")
    if mark:
        query = "&".join(_fill(part, login.query) for part in query.split("&"))
    if in_address and (login.user or login.password):
        scheme, _, rest = before.partition("://")
        user, password = (quote(each, safe="") for each in (login.user, login.password))
        before = f"{scheme}://{user}:{password}@{rest}"
    return before + mark + query


def host_of(address: str) -> str:
    """The host's name or number, for messages."""
    return urlsplit(address).hostname or ""


def shown(address: str, *, has_login: bool) -> str:
    """An address for people, with `***` where its login belongs."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{f'{HIDDEN}@' if has_login else ''}{rest}"


def _split_userinfo(rest: str) -> tuple[str, str]:
    """User and password, and the rest from the host on.

    RFC 3986 ends them at the last @ before the first / ? or #. People paste passwords that hold
    these characters as they are; that is understood where it can only be meant so.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    userinfo, at, host = authority.rpartition("@")
    is_standard = _is_host(host)
    later = "@" in rest[len(authority) :]
    if is_standard and not later:
        return userinfo if at else "", rest[len(userinfo) + len(at) :]
    if not is_standard and "@" in rest:
        userinfo, _, place = rest.rpartition("@")
        if _is_host(re.split(r"[/?#]", place, maxsplit=1)[0]) and ":" in userinfo:
            return userinfo, place
    if later:
        raise ValueError(f"it is not clear where the password of this address ends; {_APART}")
    raise ValueError(f"this address names no host and port that can be used; {_EXPECTED}")


def _is_host(text: str) -> bool:
    """`host`, `host:port`, `[ipv6]` or `[ipv6]:port`."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s\[\]:@/?#]+)(?::(\d{1,5}))?", text)
    return found is not None and (found[2] is None or 1 <= int(found[2]) <= 65535)


def _check_place(place: str) -> None:
    try:
        urlsplit(f"http://{place}")
    except ValueError as error:
        raise ValueError(f"this address names no host that can be used; {_EXPECTED}") from error


def _hide_query(address: str) -> tuple[str, dict[str, str]]:
    before, mark, query = address.partition("?")
    secret: dict[str, str] = {}
    parts: list[str] = []
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if equals and value and value != HIDDEN and _SECRET_KEY.search(key):
            secret[key] = value
            part = f"{key}={HIDDEN}"
        parts.append(part)
    return before + mark + "&".join(parts), secret


def _fill(part: str, secret: dict[str, str]) -> str:
    key, _, value = part.partition("=")
    return f"{key}={secret[key]}" if value == HIDDEN and key in secret else part
