"""Passwords and tokens in, hashes that can be shown around out, and the comparison."""

import base64
import binascii
import hashlib
import hmac
import secrets

COST_LOG2, BLOCK, LANES = 14, 8, 1  # scrypt, RFC 7914: 16 MiB and some 50 ms, a quarter of a second on a small board
SALT_BYTES, HASH_BYTES, TOKEN_BYTES = 16, 32, 24
LONGEST = 1024  # characters of a password


def hash_password(password: str, salt: bytes | None = None) -> str:
    """A hash for the config.

    Args:
        password: of a person; up to LONGEST characters.
        salt: random bytes; None makes them.

    Returns:
        scrypt$cost$block$lanes$salt$hash, the last two in base64.

    Raises:
        ValueError: it is empty or too long.
    """
    if not 0 < len(password) <= LONGEST:
        raise ValueError(f"a password must have 1 to {LONGEST} characters. Received: {len(password)}")
    salt = salt or secrets.token_bytes(SALT_BYTES)
    parts = (salt, _scrypt(password, salt, COST_LOG2, BLOCK, LANES))
    return "$".join(["scrypt", str(COST_LOG2), str(BLOCK), str(LANES), *(_text(part) for part in parts)])


def is_password(password: str, hashed: str) -> bool:
    """Whether this is the password of that hash, in the same time for every wrong one.

    >>> is_password("secret", hash_password("secret")), is_password("Secret", hash_password("secret"))
    (True, False)
    """
    if not hashed or len(password) > LONGEST:
        return False
    cost, block, lanes, salt, expected = _parsed(hashed)
    return hmac.compare_digest(_scrypt(password, salt, cost, block, lanes), expected)


def check_password_hash(hashed: str) -> None:
    """Makes sure that a config's hash is one.

    Raises:
        ValueError: it is not; it may be the password itself.
    """
    _parsed(hashed)


def new_token() -> str:
    """A token for a program; what only a hash is kept of."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Of a random token, which needs no salt and no cost.

    >>> hash_token("abc")[:20]
    'sha256$ba7816bf8f01c'
    """
    return "sha256$" + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def is_token(token: str, hashed: str) -> bool:
    """Whether this is the token of that hash."""
    return bool(hashed) and hmac.compare_digest(hash_token(token), hashed)


def _scrypt(password: str, salt: bytes, cost_log2: int, block: int, lanes: int) -> bytes:
    text = password.encode("utf-8", "surrogateescape")
    return hashlib.scrypt(text, salt=salt, n=1 << cost_log2, r=block, p=lanes, dklen=HASH_BYTES)


def _parsed(hashed: str) -> tuple[int, int, int, bytes, bytes]:
    try:
        kind, cost, block, lanes, salt, expected = hashed.split("$")
        numbers = int(cost), int(block), int(lanes)
        if kind != "scrypt" or not (10 <= numbers[0] <= 16 and 1 <= numbers[1] <= 8 and 1 <= numbers[2] <= 4):
            raise ValueError(kind)
        return *numbers, base64.b64decode(salt, validate=True), base64.b64decode(expected, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ValueError("expected a hash as `edge-app password` prints it") from error


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
