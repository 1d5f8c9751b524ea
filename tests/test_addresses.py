"""Addresses of cameras: what is one, and that nothing but `Login` ever holds a password."""

from __future__ import annotations

import traceback
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parkcore.cameras.addresses import (
    HIDDEN,
    Login,
    hidden_keys,
    host_of,
    is_elsewhere,
    lacks,
    shown,
    split_secrets,
    still_valid,
    with_secrets,
)

CAMERA = "rtsp://192.168.1.20:554/stream1"
EXPECTED = "expected such as rtsp://192.168.1.20:554/stream1"
MARK = "Xq7Zk2"
"""No word of ours holds it, so wherever it turns up, it came out of a password."""

words = st.text(max_size=20)
texts = st.text(st.sampled_from("aZ09:@/?#%&=+[]*.-_~!$'\"\\<>{}|^`ñ€🚗"), max_size=12)
marked = st.builds(lambda before, after: before + MARK + after, texts, texts)
places = st.sampled_from(
    ["cam", "cam:8080", "192.168.1.20/snapshot.jpg", "[::1]:554/a/b?id=d&e", "gate.example/?x"]
)

SPLIT = {
    "nothing secret": (CAMERA, CAMERA, Login()),
    "http": ("http://cam/snapshot.jpg", "http://cam/snapshot.jpg", Login()),
    "https with a port": ("https://cam:8443/a", "https://cam:8443/a", Login()),
    "rtsps": ("rtsps://cam/a", "rtsps://cam/a", Login()),
    "a host alone": ("http://cam", "http://cam", Login()),
    "capitals in the scheme": ("RTSP://Cam/A", "rtsp://Cam/A", Login()),
    "spaces around it": (f"  {CAMERA}\n", CAMERA, Login()),
    "a fragment says nothing to a camera": ("http://cam/a#top", "http://cam/a", Login()),
    "user and password": ("rtsp://admin:pw@cam/a", "rtsp://cam/a", Login("admin", "pw")),
    "a user alone": ("rtsp://admin@cam/a", "rtsp://cam/a", Login("admin")),
    "a password alone": ("rtsp://:pw@cam/a", "rtsp://cam/a", Login("", "pw")),
    "an empty password": ("rtsp://admin:@cam/a", "rtsp://cam/a", Login("admin")),
    "an @ without user": ("rtsp://@cam/a", "rtsp://cam/a", Login()),
    "codes": ("rtsp://a%40b:p%3A%2F%3Fq%40@cam/a", "rtsp://cam/a", Login("a@b", "p:/?q@")),
    "a coded percent": ("rtsp://a:100%2525@cam/a", "rtsp://cam/a", Login("a", "100%25")),
    "letters beyond ASCII": ("rtsp://a:a%C3%B1o@cam/", "rtsp://cam/", Login("a", "año")),
    "a plus is a plus": ("rtsp://a:b+c@cam/", "rtsp://cam/", Login("a", "b+c")),
    "a raw colon": ("rtsp://admin:p:w@cam/a", "rtsp://cam/a", Login("admin", "p:w")),
    "a raw @": ("rtsp://admin:p@w@cam/a", "rtsp://cam/a", Login("admin", "p@w")),
    "a raw slash": ("rtsp://admin:p/w@cam/a", "rtsp://cam/a", Login("admin", "p/w")),
    "a raw question mark": ("rtsp://admin:p?w@cam/a", "rtsp://cam/a", Login("admin", "p?w")),
    "a raw hash": ("rtsp://admin:p#w@cam/a", "rtsp://cam/a", Login("admin", "p#w")),
    "all of them raw": ("rtsp://u:a/b?c#d:e@cam:80/x", "rtsp://cam:80/x", Login("u", "a/b?c#d:e")),
    "IPv6": ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a", Login()),
    "IPv6 with a port": ("http://[::1]:8080/a", "http://[::1]:8080/a", Login()),
    "IPv6 and a login": ("http://u:p@[::1]:80/a", "http://[::1]:80/a", Login("u", "p")),
    "a query without secrets": ("http://cam/a?w=640&h", "http://cam/a?w=640&h", Login()),
    "pwd": ("http://cam/a?user=u&pwd=x", "http://cam/a?user=u&pwd=***", Login(query={"pwd": "x"})),
    "password": ("http://cam/?PASSWORD=x&c", "http://cam/?PASSWORD=***&c",
                 Login(query={"PASSWORD": "x"})),
    "an equals sign in it": ("http://cam/?token=a=b", "http://cam/?token=***",
                             Login(query={"token": "a=b"})),
    "several": (
        "http://u:p@cam/?pw=1&channel=2&sid=3&apikey=4&auth_token=5",
        "http://cam/?pw=***&channel=2&sid=***&apikey=***&auth_token=***",
        Login("u", "p", {"pw": "1", "sid": "3", "apikey": "4", "auth_token": "5"}),
    ),
    "a query that a ; parts": ("http://cam/?user=a;pwd=x", "http://cam/?user=a;pwd=***",
                               Login(query={"pwd": "x"})),
    "a ; in a password": ("http://cam/?pwd=a;b&ch=1", "http://cam/?pwd=***&ch=1",
                          Login(query={"pwd": "a;b"})),
    "user and password in one": ("http://cam/?login=admin:x", "http://cam/?login=***",
                                 Login(query={"login": "admin:x"})),
    "and under a harmless key": ("http://cam/?user=admin:x", "http://cam/?user=***",
                                 Login(query={"user": "admin:x"})),
    "a key that tells nothing": ("http://cam/?p=x", "http://cam/?p=***", Login(query={"p": "x"})),
    "a second question mark": ("http://cam/?ch=1?pwd=x", "http://cam/?ch=***",
                               Login(query={"ch": "1?pwd=x"})),
    "keys within keys": ("http://cam/?p=1&loginp=2", "http://cam/?p=***&loginp=***",
                         Login(query={"p": "1", "loginp": "2"})),
    "a path like a query": (
        "rtsp://cam/user=admin&password=my_secret&channel=1",
        "rtsp://cam/user=admin&password=***&channel=1", Login(query={"password": "my_secret"}),
    ),
    "a path with low lines": (
        "rtsp://cam/user=admin_password=my_se/cret_channel=1_stream=0.sdp?real_stream",
        "rtsp://cam/user=admin_password=***_channel=1_stream=0.sdp?real_stream",
        Login(query={"password": "my_se/cret"}),
    ),
    "a path without secrets": ("rtsp://cam/h264/ch=1/main_stream", "rtsp://cam/h264/ch=1/main_stream",
                               Login()),
    "an @ in the query": ("http://cam/s?text=a@b", "http://cam/s?text=a@b", Login()),
    "an @ in the path": ("http://cam/a@b", "http://cam/a@b", Login()),
    "no value, no secret": ("http://cam/?pwd=&token", "http://cam/?pwd=&token", Login()),
    "hidden already": ("http://cam/?pwd=***", "http://cam/?pwd=***", Login()),
}  # fmt: skip


@pytest.mark.parametrize("text, address, login", SPLIT.values(), ids=SPLIT.keys())
def test_secrets_are_kept_apart(text, address, login):
    assert split_secrets(text) == (address, login)
    assert hidden_keys(address) >= login.query.keys()
    assert split_secrets(address) == (address, Login()), "what is kept holds no secret any more"


REFUSED = {
    "nothing": ("", "but this with something else"),
    "a word": ("camera", "but this with something else"),
    "no scheme": ("192.168.1.20/snapshot.jpg", "but this with something else"),
    "a local file": ("file:///etc/passwd", "but this with file://"),
    "a path": ("/dev/video0", "but this with something else"),
    "a Windows path": ("C:\\video.avi", "but this with something else"),
    "a device's number": ("0", "but this with something else"),
    "FTP": ("ftp://cam/a.jpg", "but this with ftp://"),
    "RTMP": ("rtmp://cam/live", "but this with rtmp://"),
    "FFmpeg's own": ("concat:http://cam/a", "but this with "),
    "one slash": ("http:/cam/a", "but this with something else"),
    "a file behind rtsp": ("rtsp:///etc/passwd", "names no host"),
    "no host": ("http://", "names no host"),
    "no host but a login": ("http://admin:pw@/a", "names no host"),
    "a space": ("http://cam/a b.jpg", "no spaces or control characters"),
    "a line break": ("http://cam/a\nhttp://cam/b", "no spaces or control characters"),
    "a zero byte": ("http://cam/\0", "no spaces or control characters"),
    "port 0": ("http://cam:0/a", "names no host and port"),
    "a port too high": ("http://cam:65536/a", "names no host and port"),
    "a port of letters": ("http://cam:http/a", "names no host and port"),
    "an empty port": ("http://cam:/a", "names no host and port"),
    "a negative port": ("http://cam:-1/a", "names no host and port"),
    "two ports": ("http://cam:1:2/a", "names no host and port"),
    "IPv6 without brackets": ("http://2001:db8::1/a", "names no host and port"),
    "IPv6 cut off": ("http://[::1/a", "names no host"),
    "no IPv6 in the brackets": ("http://[1:::2]/a", "names no host"),
    "a password like a port": ("rtsp://admin:12/3@cam/a", "not clear where the password"),
    "a password that ends like a host": ("rtsp://u:p@w/x@cam/a", "not clear where the password"),
    "an @ behind a port": ("http://cam:80/a@b", "not clear where the password"),
    "an @ behind a user": ("http://u@cam/a?user=a@b", "not clear where the password"),
    "an @ behind a colon": ("http://cam/a:b@c", "not clear where the password"),
}


@pytest.mark.parametrize("text, said", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_address_is_refused(text, said):
    with pytest.raises(ValueError) as refused:
        split_secrets(text)
    assert said in str(refused.value)
    assert EXPECTED in str(refused.value) or "# is %23" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        f"admin:{MARK}@cam/?next=http://x",
        f"{MARK} rtsp://cam/a",
        f"{MARK}:rtsp://cam/a",
    ],
    ids=["no scheme, but one in the query", "pasted before it", "and a colon"],
)
def test_a_password_before_the_scheme_is_not_told(text):
    with pytest.raises(ValueError) as refused:
        split_secrets(text)
    assert MARK not in str(refused.value)


def test_a_port_has_plain_digits():
    with pytest.raises(ValueError, match="names no host and port"):
        split_secrets("http://cam:８０/a")


def test_the_password_of_foscam_and_its_many_sisters_is_a_secret():
    address, login = split_secrets("http://cam/videostream.cgi?loginuse=admin&loginpas=x")
    assert address == "http://cam/videostream.cgi?loginuse=admin&loginpas=***"
    assert login == Login(query={"loginpas": "x"})


def quoted(login: Login, place: str, scheme: str = "rtsp") -> str:
    user, password = (quote(each, safe="") for each in (login.user, login.password))
    return f"{scheme}://{user}:{password}@{place}"


@given(words, words, places, st.sampled_from(["http", "https", "rtsp", "rtsps"]))
@example("admin", "p@s:s/w?rd %#", "cam", "rtsp")
@example("***", "***", "cam", "rtsp")
def test_any_login_survives_and_leaves_no_trace(user, password, place, scheme):
    text = quoted(Login(user, password), place, scheme)
    address, login = split_secrets(text)
    assert address == f"{scheme}://{place}", "the same for every password"
    assert login == Login(user, password)
    again = with_secrets(address, login, in_address=True)
    assert again == (text if login else address)
    assert split_secrets(again) == (address, login)
    assert with_secrets(address, login, in_address=False) == address


@given(marked, st.sampled_from(["pwd", "password", "token", "key"]), places)
def test_any_secret_of_a_query_survives_and_leaves_no_trace(secret, key, place):
    secret = quote(secret, safe="=:/?+")
    mark = "&" if "?" in place else "?"
    text = f"http://{place}{'' if '/' in place else '/'}{mark}{key}={secret}&channel=1"
    address, login = split_secrets(text)
    assert (MARK in address, MARK in repr(login)) == (False, False)
    assert login == Login(query={key: secret})
    assert with_secrets(address, login, in_address=False) == text
    assert split_secrets(address) == (address, Login())


@given(texts, marked, places)
@example("", MARK, "cam")
@example("admin", f"{MARK}/", "cam")
@example("admin", f"1/{MARK}", "cam:99999")
@example("admin", f"{MARK}@x?", "cam")
def test_a_raw_password_is_understood_or_refused_and_never_told(user, password, place):
    text = f"rtsp://{user}:{password}@{place}"
    try:
        address, login = split_secrets(text)
    except ValueError as error:
        assert MARK not in "".join(traceback.format_exception_only(error))
        assert MARK not in "".join(map(repr, (error.__cause__, error.__context__)))
    else:
        assert address == f"rtsp://{place}"
        assert login == split_secrets(quoted(login, place))[1]
        assert MARK in login.user + login.password
        assert MARK not in repr(Login("", login.password, login.query))


@given(st.text() | st.builds("{}://{}".format, st.sampled_from(["http", "RTSP"]), st.text()))
def test_any_text_is_an_address_or_refused(text):
    try:
        address, _ = split_secrets(text)
    except ValueError as error:
        assert EXPECTED in str(error) or "%40" in str(error)
    else:
        assert split_secrets(address) == (address, Login())
        assert "@" not in urlsplit(address).netloc


pieces = st.lists(
    st.sampled_from(["pwd", "password", "p", "ch", "user", "=", "&", ";", "_", "/", "?", HIDDEN])
    | st.text("aB1:@%+", max_size=3),
    max_size=14,
)


@given(pieces)
@example(["pwd", "=", HIDDEN, "&", "pwd", "=", "a"])
@example(["user", "=", "a:b", "&", "user", "=", HIDDEN])
@example(["p", "=", "pwd", "=", HIDDEN, "&", "pwd", "=", "a"])
def test_what_was_taken_out_comes_back_exactly(pieces):
    text = "http://cam/" + "".join(pieces)
    try:
        address, login = split_secrets(text)
    except ValueError:
        return
    assert with_secrets(address, login, in_address=False) == text.partition("#")[0]
    assert split_secrets(address) == (address, Login())


KNOWN = Login("admin", MARK, {"pwd": MARK})


@pytest.mark.parametrize(
    "old, new, kept",
    [
        ("http://cam/a?pwd=***", "http://cam:80/b?ch=1&pwd=***", KNOWN),
        ("http://cam/a?pwd=***", "http://Cam/b", Login("admin", MARK)),
        ("http://cam/a?pwd=***", "http://evil/a?pwd=***", Login()),
        ("http://cam/a?pwd=***", "http://cam:8080/a?pwd=***", Login()),
        ("https://cam:1/a?pwd=***", "http://cam:1/a?pwd=***", Login()),
    ],
    ids=["its default port", "no such key any more", "host", "port", "no encryption any more"],
)
def test_another_machine_is_told_nothing(old, new, kept):
    assert still_valid(KNOWN, old=old, new=new) == kept
    assert is_elsewhere(old, new) is (kept == Login())
    assert lacks(kept, KNOWN, new) is (kept == Login())


def test_a_login_does_not_show_what_it_holds():
    login = Login("admin", MARK, {"pwd": MARK})
    assert MARK not in f"{login} {login!r} {[login]}"
    assert "admin" in repr(login)


@pytest.mark.parametrize(
    "login, is_one",
    [
        (Login(), False),
        (Login("admin"), True),
        (Login(password="pw"), True),
        (Login(query={"pwd": "x"}), True),
    ],
)
def test_a_login_is_one_if_it_holds_anything(login, is_one):
    assert bool(login) is is_one


@pytest.mark.parametrize(
    "address, login, expected",
    [
        ("http://cam/a?pwd=***&n=1", Login(query={"pwd": "x%26"}), "http://cam/a?pwd=x%26&n=1"),
        ("http://cam/a?pwd=***", Login(), "http://cam/a?pwd=***"),
        ("http://cam/a?pwd=***", Login(query={"token": "x"}), "http://cam/a?pwd=***"),
        ("http://cam/a?pwd=y", Login(query={"pwd": "x"}), "http://cam/a?pwd=y"),
        ("http://[::1]/a", Login("u", "p"), "http://u:p@[::1]/a"),
        ("http://cam/a?pwd=***", Login("u", "", {"pwd": "x"}), "http://u:@cam/a?pwd=x"),
    ],
    ids=["put back", "none known", "of another name", "not hidden", "IPv6", "user and query"],
)
def test_secrets_are_put_back_where_they_were(address, login, expected):
    assert with_secrets(address, login, in_address=True) == expected


def test_an_address_for_people():
    assert shown("rtsp://cam/a", has_login=False) == "rtsp://cam/a"
    assert shown("rtsp://cam/a", has_login=True) == f"rtsp://{HIDDEN}@cam/a"


@pytest.mark.parametrize(
    "address, host",
    [
        ("rtsp://Cam.Example:554/a", "cam.example"),
        ("http://[::1]:80/", "::1"),
        ("http://1.2.3.4", "1.2.3.4"),
    ],
)
def test_the_host_for_messages(address, host):
    assert host_of(address) == host
