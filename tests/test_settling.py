"""From looks to what holds: over time, and over several cameras."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkcore.spaces.settling import LOOKS, fuse, settle
from parkcore.spaces.verdict import Judgement, SpaceState

STATES = {"O": "occupied", "V": "vacant", "?": "unknown"}


def space(sign: str, *, name: str = "A1", sure: float = 0.9, reason: str = "") -> SpaceState:
    if sign == "?":
        return SpaceState(name, "unknown", 0.0, reason, None)
    return SpaceState(name, STATES[sign], sure, reason, sure if sign == "O" else 1 - sure)


def settled(looks: list[Judgement], **needed: int) -> dict[str, SpaceState]:
    return {name: each.state for name, each in settle(looks, **needed).items()}


def looks(signs: str) -> list[Judgement]:
    """One space over time, the number of the look as its reason."""
    return [Judgement((space(sign, reason=str(n)),)) for n, sign in enumerate(signs)]


def held(signs: str, to_fill: int, to_empty: int) -> str:
    """After each look whether the space is settled as O, V or ?."""
    short = {state: sign for sign, state in STATES.items()}
    prefixes = (looks(signs)[: n + 1] for n in range(len(signs)))
    return "".join(
        short[settled(prefix, to_fill=to_fill, to_empty=to_empty)["A1"].state]
        for prefix in prefixes
    )


@pytest.mark.parametrize(
    "signs, to_fill, to_empty, expected",
    [
        ("OVOV", 1, 1, "OVOV"),
        ("O", 3, 3, "O"),
        ("V", 3, 3, "V"),
        ("VOV", 2, 2, "VVV"),
        ("VOOV", 2, 2, "VVOO"),
        ("VOOVV", 2, 2, "VVOOV"),
        ("VOOOV", 3, 1, "VVVOV"),
        ("OVVVO", 1, 3, "OOOVO"),
        ("VOVOVO", 2, 2, "VVVVVV"),
        ("V?O", 2, 2, "V?V"),
        ("VO?O", 2, 2, "VV?O"),
        ("VO??????O", 2, 2, "VV??????O"),
        ("OV?V", 1, 2, "OO?V"),
        ("VO?VO", 2, 2, "VV?VV"),
        ("???", 2, 2, "???"),
        ("??O", 3, 3, "??O"),
        ("OO?", 2, 2, "OO?"),
        ("VVOVOO", 2, 1, "VVVVVO"),
    ],
    ids=[
        "every look counts",
        "the first look fills at once",
        "the first look empties at once",
        "a car that drives through fills none",
        "two looks fill",
        "two looks empty",
        "slow to fill and quick to empty",
        "quick to fill and slow to empty",
        "back and forth settles nothing",
        "unknown is said and not taken for a look",
        "unknown does not interrupt",
        "however long it lasts",
        "nor on the way to empty",
        "but the other state does interrupt",
        "nothing is ever known",
        "the first known look counts at once",
        "what is unknown now is said to be so",
        "looks in a row are counted anew",
    ],
)
def test_a_space_over_time(signs, to_fill, to_empty, expected):
    assert held(signs, to_fill, to_empty) == expected


SIGNS = st.text("OV?", min_size=1, max_size=30)
NEEDED = st.integers(1, 4)


class Live:
    """One space as it would be followed look by look, with no history at hand."""

    def __init__(self, to_fill: int, to_empty: int) -> None:
        self.needed = {"O": to_fill, "V": to_empty}
        self.state, self.other, self.run = "?", "?", 0

    def look(self, sign: str) -> str:
        if sign == "?":
            return "?"
        if self.state in ("?", sign):
            self.state, self.run = sign, 0
        else:
            self.run += 1
            if self.run >= self.needed[sign]:
                self.state, self.run = sign, 0
        return self.state


@given(SIGNS, NEEDED, NEEDED)
def test_following_live_is_the_same_as_the_history_at_once(signs, to_fill, to_empty):
    live = Live(to_fill, to_empty)
    assert held(signs, to_fill, to_empty) == "".join(live.look(sign) for sign in signs)


@given(st.text("OV?", max_size=80), SIGNS, NEEDED, NEEDED)
def test_the_latest_looks_are_enough(before, after, to_fill, to_empty):
    """As far as there is a settled state among them."""
    history = looks(before + "O" * to_fill + after)
    whole = settled(history, to_fill=to_fill, to_empty=to_empty)
    assert settled(history[-LOOKS:], to_fill=to_fill, to_empty=to_empty) == whole


@pytest.mark.parametrize(
    "signs, reason",
    [("VOOV", "2"), ("OOO", "2"), ("VVO", "1"), ("O?", "1")],
    ids=["the last that agreed", "the latest", "the one before the doubt", "why it is unknown"],
)
def test_a_settled_state_says_what_it_was_seen_by(signs, reason):
    assert settled(looks(signs), to_fill=2, to_empty=2)["A1"].reason == reason


@pytest.mark.parametrize(
    "signs, known, since",
    [
        ("O", "O", 0),
        ("VVV", "V", 0),
        ("VOO", "O", 1),
        ("VO?O", "O", 1),
        ("VOVOO", "O", 3),
        ("VO", "V", 0),
        ("OOVV?", "V", 2),
        ("??V", "V", 2),
        ("???", None, None),
    ],
    ids=[
        "from the first look",
        "and ever after",
        "from the first of those that filled it",
        "unknown ones do not interrupt",
        "those that were interrupted do not count",
        "one look is not enough",
        "what it was when it could last be told",
        "from the first that could be told",
        "it never could",
    ],
)
def test_since_when_a_space_is_what_it_is(signs, known, since):
    found = settle(looks(signs), to_fill=2, to_empty=2)["A1"]
    assert (found.known, found.since) == (known and STATES[known], since)
    assert found.state.state in (known and STATES[known], "unknown")


def test_each_space_settles_by_itself():
    history = [
        Judgement((space("V", name="A1"), space("O", name="A2"), space("V", name="A3"))),
        Judgement((space("O", name="A1"), space("O", name="A2"))),
        Judgement((space("O", name="A1"), space("V", name="A2"), space("?", name="A4"))),
    ]
    found = settled(history, to_fill=2, to_empty=2)
    assert {name: state.state for name, state in found.items()} == {
        "A1": "occupied",
        "A2": "occupied",
        "A4": "unknown",
    }


def test_nothing_settles_from_nothing():
    assert settled([], to_fill=2, to_empty=2) == {}
    assert settled([Judgement(())], to_fill=2, to_empty=2) == {}


def test_settling_leaves_the_looks_as_they_are():
    history = looks("VOV?OO")
    settled(history, to_fill=2, to_empty=2)
    assert history == looks("VOV?OO")


# -- several cameras ----------------------------------------------------------------------------


def fused(*views: Iterable[SpaceState]) -> dict[str, SpaceState]:
    found = fuse([list(view) for view in views])
    names = [each.id for each in found]
    assert len(names) == len(set(names))
    return {each.id: each for each in found}


@pytest.mark.parametrize(
    "seen, state, sure",
    [
        (["O"], "occupied", 0.9),
        (["O", "?"], "occupied", 0.9),
        (["?", "V"], "vacant", 0.9),
        (["?", "?"], "unknown", 0),
        (["O", "V"], "unknown", 0),
        (["O", "V", "O"], "unknown", 0),
        (["O", "?", "V"], "unknown", 0),
        ([], None, None),
    ],
    ids=[
        "one camera",
        "one that knows and one that does not",
        "whichever it is",
        "none knows",
        "they disagree",
        "two against one disagree too",
        "two disagree and one does not know",
        "no camera",
    ],
)
def test_what_several_cameras_say_of_a_space(seen, state, sure):
    found = fused(*([space(sign)] for sign in seen))
    assert len(found) == min(1, len(seen))
    if seen:
        assert (found["A1"].state, found["A1"].confidence) == (state, sure)


@pytest.mark.parametrize("sign", "OV")
def test_of_those_that_agree_the_surer_is_taken(sign):
    views = [[space(sign, sure=0.8)], [space(sign, sure=0.95, reason="best")], [space("?")]]
    assert fused(*views)["A1"] == space(sign, sure=0.95, reason="best")


def test_that_cameras_disagree_is_said():
    found = fused([space("O", sure=0.99)], [space("V", sure=0.8)])["A1"]
    assert found.reason == "the cameras that see it disagree"
    assert found.probability == pytest.approx((0.99 + 0.2) / 2)
    assert found.vehicle is None


def test_spaces_of_one_name_count_once_and_others_stay():
    found = fused(
        [space("O", name="A1"), space("V", name="A2")],
        [space("O", name="A1"), space("O", name="B1")],
        [],
    )
    assert {name: each.state for name, each in found.items()} == {
        "A1": "occupied",
        "A2": "vacant",
        "B1": "occupied",
    }


VIEWS = st.lists(
    st.lists(
        st.builds(
            lambda name, sign, sure: space(sign, name=name, sure=sure),
            st.sampled_from(["A1", "A2", "A3"]),
            st.sampled_from("OV?"),
            st.floats(0.7, 1),
        ),
        max_size=3,
        unique_by=lambda each: each.id,
    ),
    max_size=4,
)


@given(VIEWS, st.randoms(use_true_random=False))
def test_the_order_of_cameras_does_not_matter(views, random):
    other = views[:]
    random.shuffle(other)
    one, two = fused(*views), fused(*other)
    assert {*one} == {*two} == {each.id for view in views for each in view}
    assert one == two


@given(VIEWS)
def test_a_camera_that_sees_nothing_changes_nothing(views):
    blind = [space("?", name=name) for name in ("A1", "A2", "A3")]
    known = fused(*views)
    for name, state in fused(*views, blind).items():
        assert state == known.get(name, space("?", name=name))
