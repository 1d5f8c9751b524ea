"""A camera's login in its form: asked for, and put together of what is known and was typed."""

from dataclasses import dataclass, replace

import streamlit as st

from pages.shell import context
from parkcore.cameras.addresses import DROPPED, Login, is_elsewhere, lacks, still_valid
from parkcore.cameras.credentials import variable


@dataclass(frozen=True)
class LoginFields:
    """What the two fields say, and what was known before."""

    kept: Login
    """In the file; empty for a camera that is added."""
    user: str
    password: str
    from_environment: Login | None
    hint: str
    """Where the login comes from, if it is the environment."""

    def after(self, old: str | None, new: str, inside: Login) -> Login:
        """The login to keep: what was typed, else what the address held, else what was kept.

        Args:
            old: the address before, None for a camera that is added.
            new: the address now.
            inside: what the address held as it was entered.
        """
        before = Login() if old is None else still_valid(self.kept, old=old, new=new)
        is_user_typed = self.user != self.kept.user
        user, password = before.user, before.password
        if self.from_environment is not None:
            pass  # the file's stay what they are
        elif inside.user or inside.password:
            user = self.user if is_user_typed else inside.user or self.user
            password = self.password or inside.password
        elif is_user_typed or self.password:
            user = self.user
            password = self.password or (before.password if user else "")
        return Login(user, password, before.query | inside.query)

    def to_ask_with(self, kept: Login) -> Login:
        if self.from_environment is None:
            return kept
        return replace(self.from_environment, query=kept.query)


def is_dropped(fields: LoginFields, old: str | None, new: str, after: Login) -> bool:
    """Whether the login of before is not for this address, and none was entered."""
    return old is not None and is_elsewhere(old, new) and lacks(after, fields.kept, new)


def say_dropped() -> None:
    st.warning(DROPPED.capitalize(), icon=":material/key_off:")


def ask_login(lot_id: str, camera_id: str, *, is_new: bool) -> LoginFields:
    credentials, name = context.credentials(), variable(lot_id, camera_id)
    kept = Login() if is_new else credentials.kept(lot_id, camera_id)
    is_set = credentials.is_in_environment(lot_id, camera_id)
    known = credentials.get(lot_id, camera_id) if is_set else kept
    hint = f"The login comes from the environment variable `{name}`; change it there."
    kept_where = (
        "Kept in a file that only Parkcore's user may read, not in the database. Or set"
        f" `{name}=user:password` in the environment."
    )
    left, right = st.columns(2)
    of = "new" if is_new else f"{lot_id}/{camera_id}"  # what is typed stays if it is renamed
    user = left.text_input(
        "User", known.user, autocomplete="off", disabled=is_set, key=f"camera_user_{of}"
    )
    password = right.text_input(
        "Password",
        type="password",
        autocomplete="new-password",
        key=f"camera_password_{of}",
        placeholder="unchanged" if known.password else "",
        disabled=is_set,
        help=hint if is_set else kept_where,
    )
    return LoginFields(kept, user, password, known if is_set else None, hint)
