"""Hashes tell nothing, match only what they were made of, and a config's mistakes are found."""

import pytest

from edge_app.outputs.web.passwords import (
    check_password_hash,
    hash_password,
    hash_token,
    is_password,
    is_token,
    new_token,
)


def test_a_hash_matches_its_password_alone() -> None:
    hashed = hash_password("grün & geheim")

    assert is_password("grün & geheim", hashed)
    assert not any(is_password(wrong, hashed) for wrong in ("", "grun & geheim", "grün & geheim ", "x" * 5000))


def test_the_same_password_is_never_hashed_the_same() -> None:
    assert hash_password("a") != hash_password("a")
    assert "geheim" not in hash_password("geheim")


def test_scrypt_is_that_of_the_rfc() -> None:
    """RFC 7914, section 12: N=16384, r=8, p=1; its first 32 bytes."""
    hashed = hash_password("pleaseletmein", b"SodiumChloride")

    assert hashed == "scrypt$14$8$1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="


def test_without_a_hash_nothing_matches() -> None:
    assert not is_password("", "")
    assert not is_token("", "")


@pytest.mark.parametrize("password", ["", "x" * 1025])
def test_an_empty_or_endless_password_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 1024 characters"):
        hash_password(password)


@pytest.mark.parametrize(
    "hashed",
    [
        pytest.param("geheim", id="the password itself"),
        pytest.param("scrypt$14$8$1$xx", id="cut"),
        pytest.param("scrypt$40$8$1$U29k$U29k", id="more memory than there is"),
        pytest.param("scrypt$14$8$1$?$?", id="no base64"),
        pytest.param("md5$14$8$1$U29k$U29k", id="another kind"),
    ],
)
def test_what_is_no_hash_is_said_so_without_telling_it(hashed: str) -> None:
    with pytest.raises(ValueError, match="expected a hash") as caught:
        check_password_hash(hashed)

    assert hashed not in str(caught.value)


def test_tokens_are_random_and_match_their_hash_alone() -> None:
    first, second = new_token(), new_token()

    assert first != second and len(first) >= 32
    assert is_token(first, hash_token(first))
    assert not is_token(second, hash_token(first))
