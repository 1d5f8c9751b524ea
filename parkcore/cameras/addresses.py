"""Addresses of cameras: which are allowed, and how their secrets are kept apart from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote, urlsplit

SCHEMES = ("http", "https", "rtsp", "rtsps")
HIDDEN = "***"

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
"""Where an address that names no port leads to."""

_HARMLESS = {
    "action", "cam", "camera", "ch", "channel", "channelid", "chn", "cmd", "codec", "compression",
    "count", "counter", "date", "fps", "framerate", "h", "height", "id", "img", "imagesize",
    "loginuse", "mode", "profile", "proto", "quality", "rand", "random", "res", "resolution",
    "rnd", "rotation", "size", "snap", "snapshot", "speed", "stream", "streamid", "streamtype",
    "substream", "subtype", "text", "time", "timestamp", "type", "unicast", "user", "username",
    "usr", "videocodec", "w", "width",
}  # fmt: skip
"""Keys whose values are shown. Makers call passwords anything, so all others are hidden."""

_QUERY_PAIR = re.compile(r"(?P<key>[^=&;]+)=(?P<value>(?:(?!;[^=&;]+=)[^&])*)")
_PATH_PAIR = re.compile(r"(?P<key>[^=&;/]+)=(?P<value>(?:(?!;[^=&;]+=)[^&])*)")
_LOW_LINE_PAIR = re.compile(r"(?P<key>[^=&;/_]+)=(?P<value>(?:(?!;[^=&;]+=|_[^=&;/_]+=)[^&])*)")
"""Some makers' RTSP paths are like queries, with `&` or `_` between the pairs. A `;` or `_` that
no further pair follows belongs to the value, as does a `/`: passwords hold them."""
_EXPECTED = "expected such as rtsp://192.168.1.20:554/stream1 or http://192.168.1.20/snapshot.jpg"
DROPPED = "the login was dropped, as the address is another machine's; enter it again"
_APART = (
    "write user and password into their own fields, or write each such character as its %-code"
    " (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23)"
)


@dataclass(frozen=True, slots=True)
class Login:
    """What a camera asks for before it shows anything. Its text never shows what it holds."""

    user: str = ""
    password: str = field(default="", repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)
    """Hidden values of the address's path and query, such as `pwd` of `snapshot.cgi?pwd=…`."""

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
        is_scheme = separator and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,11}", scheme)
        begins = f"{scheme}://" if is_scheme else "something else"
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

    def fill(pair: re.Match[str]) -> str:
        value = pair["value"]
        return f"{pair['key']}={login.query.get(pair['key'], value) if value == HIDDEN else value}"

    before, mark, query = _with_each_pair(address, fill).partition("?")
    if in_address and (login.user or login.password):
        scheme, _, rest = before.partition("://")
        user, password = (quote(each, safe="") for each in (login.user, login.password))
        before = f"{scheme}://{user}:{password}@{rest}"
    return before + mark + query


def hidden_keys(address: str) -> set[str]:
    """The keys whose values `split_secrets` took out."""
    keys: set[str] = set()

    def note(pair: re.Match[str]) -> str:
        if pair["value"] == HIDDEN:
            keys.add(pair["key"])
        return pair[0]

    _with_each_pair(address, note)
    return keys


def is_elsewhere(old: str, new: str) -> bool:
    """Whether another machine, or another service of it, may answer at the new address."""
    first, second = (urlsplit(each) for each in (old, new))
    return (first.scheme, first.hostname, first.port or PORTS[first.scheme]) != (
        second.scheme, second.hostname, second.port or PORTS[second.scheme]
    )  # fmt: skip


def still_valid(login: Login, *, old: str, new: str) -> Login:
    """What of a login may be kept when a camera's address changes.

    Another machine must not be told any of it. Of the query only what is still asked for is kept.
    """
    if is_elsewhere(old, new):
        return Login()
    asked = hidden_keys(new)
    return replace(login, query={k: v for k, v in login.query.items() if k in asked})


def lacks(login: Login, before: Login, address: str) -> bool:
    """Whether something that the camera was told before is missing now."""
    return bool(
        (before.user and not login.user)
        or (before.password and not login.password)
        or (before.query and hidden_keys(address) - login.query.keys())
    )


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
    may_be_password = at or ":" in rest.rpartition("@")[0]
    if is_standard and not (later and may_be_password):
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
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s\[\]:@/?#]+)(?::([0-9]{1,5}))?", text)
    return found is not None and (found[2] is None or 1 <= int(found[2]) <= 65535)


def _check_place(place: str) -> None:
    try:
        urlsplit(f"http://{place}")
    except ValueError as error:
        raise ValueError(f"this address names no host that can be used; {_EXPECTED}") from error


def _hide_query(address: str) -> tuple[str, dict[str, str]]:
    secret: dict[str, str] = {}

    def hide(pair: re.Match[str]) -> str:
        key, value = pair["key"], pair["value"]
        if not value or (value != HIDDEN and _is_harmless(key, value)):
            return pair[0]
        if secret.setdefault(key, value) != value:
            raise ValueError(f"this address has two different values of {key!r}; keep one")
        return f"{key}={HIDDEN}"

    public = _with_each_pair(address, hide)
    return public, {key: value for key, value in secret.items() if value != HIDDEN}


def _is_harmless(key: str, value: str) -> bool:
    """Whether a value may be shown: it holds no `user:password` and no pair of its own either."""
    return unquote(key).lower() in _HARMLESS and not re.search("[=:]", unquote(value))


def _with_each_pair(address: str, work: Callable[[re.Match[str]], str]) -> str:
    """The address with each `key=value` of its path and query as `work` makes it.

    The same pairs are found whether their values are hidden or not.
    """
    before, mark, query = address.partition("?")
    scheme, separator, rest = before.partition("://")
    host, slash, path = rest.partition("/")
    path = (_PATH_PAIR if "&" in path else _LOW_LINE_PAIR).sub(work, path)
    return f"{scheme}{separator}{host}{slash}{path}{mark}{_QUERY_PAIR.sub(work, query)}"
