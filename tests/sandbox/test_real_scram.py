"""Passwords as PostgreSQL keeps them: held against the server's own, and RFC 7677."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_real import Shop

from reconciler.sandbox.real.scram import fits, make_verifier


def test_verifier_is_that_of_the_standard() -> None:
    """RFC 7677 gives the salt and the proof for "pencil"; PostgreSQL makes this secret of them."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    assert make_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=8, max_size=20), st.text(min_size=8, max_size=20))
def test_only_its_own_password_fits(password: str, other: str) -> None:
    verifier = make_verifier(password)
    assert fits(password, verifier)
    assert fits(other, verifier) == fits(password, make_verifier(other))


@pytest.mark.parametrize("verifier", [None, "", "md5abc"])
def test_what_is_no_scram_secret_fits_nothing(verifier: str | None) -> None:
    assert not fits("password", verifier)


@pytest.mark.real_engine
@pytest.mark.parametrize(
    "password", ["plain-ascii", "Straße ½ ﬁ", "nb\u00a0space", "soft\u00adhyphen"]
)
def test_server_makes_the_same_of_a_password(shop: Shop, password: str) -> None:
    with shop.connect(shop.service()["service_uri"]) as session:
        session.execute("CREATE ROLE by_server LOGIN")
        session.execute(f"ALTER ROLE by_server PASSWORD '{password}'")
    shop.service()  # a look at the API brings it to the pooler
    userlist = (shop.folder() / "userlist.txt").read_text()
    line = next(line for line in userlist.splitlines() if line.startswith('"by_server"'))
    assert fits(password, line.split('"')[3])
    shop.api.ok("DELETE", f"{shop.path}/user/by_server")
