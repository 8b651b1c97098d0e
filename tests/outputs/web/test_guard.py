"""Who may come in, and who may not: names, sessions, tokens, and a password that is tried too often."""

import pytest

from edge_app.outputs.web.guard import ADDRESSES, ALL_TRIES, SESSION_S, TRIES, TRIES_S, Access, Guard, TooManyTriesError
from edge_app.outputs.web.passwords import hash_password, hash_token

PASSWORD = hash_password("secret")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def guard(clock: Clock | None = None, **access: object) -> Guard:
    return Guard(Access(**{"password": PASSWORD, "open": False, **access}), clock or Clock())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8080", True),
        ("192.168.1.7:8080", True),
        ("[::1]:8080", True),
        ("[fe80::1]", True),
        ("localhost:8080", True),
        ("Pi.local.:80", True),
        ("evil.example", False),
        ("pi.local.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("pi.local@evil.example", False),
        ("pi.local:port", False),
        ("pi.local/", False),
        ("pi.local\r\nX: y", False),
        ("[::1", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_hosts(header: str, known: bool) -> None:
    assert guard(names=frozenset({"pi.local"})).knows_host(header) is known


@pytest.mark.parametrize(
    ("origin", "known"),
    [
        ("", True),
        ("http://pi.local:8080", True),
        ("HTTP://PI.local:8080", True),
        ("https://pi.local:8080", False),
        ("http://pi.local", False),
        ("http://evil.example", False),
        ("null", False),
        ("http://pi.local:8080.evil.example", False),
        ("http://[", False),
    ],
)
def test_origins(origin: str, known: bool) -> None:
    assert guard().knows_origin(origin, "http", "pi.local:8080") is known


def test_a_session_lasts_while_it_is_used(clock: Clock) -> None:
    guarded = guard(clock)
    session = guarded.new_session()

    for _ in range(3):
        clock.now_s += 0.9 * SESSION_S
        assert guarded.is_in(session, "", "a")
    clock.now_s += 1.1 * SESSION_S
    assert not guarded.is_in(session, "", "a")


def test_a_session_ends_with_a_log_out_and_a_made_up_one_is_none() -> None:
    guarded = guard()
    session = guarded.new_session()

    guarded.end_session(session)

    assert not any(guarded.is_in(made_up, "", "a") for made_up in (session, "", "x", guarded.new_visitor(), "\udcff"))


def test_only_so_many_sessions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_app.outputs.web.guard.SESSIONS", 3)
    guarded = guard()
    sessions = [guarded.new_session() for _ in range(3)]
    guarded.is_in(sessions[0], "", "a")

    sessions.append(guarded.new_session())

    assert [guarded.is_in(session, "", "a") for session in sessions] == [True, False, True, True]


def test_a_password_is_tried_a_few_times_and_then_not_for_a_while(clock: Clock) -> None:
    guarded = guard(clock)
    for _ in range(TRIES):
        assert not guarded.try_password("wrong", "attacker")

    with pytest.raises(TooManyTriesError) as caught:
        guarded.try_password("secret", "attacker")
    assert caught.value.wait_s == pytest.approx(TRIES_S)
    assert guarded.try_password("secret", "owner")
    clock.now_s += TRIES_S + 1
    assert guarded.try_password("secret", "attacker")


def test_many_addresses_together_are_slowed_down_too(clock: Clock) -> None:
    guarded = guard(clock, password="")  # nothing matches, and nothing is computed
    for number in range(ALL_TRIES):
        assert not guarded.try_password("wrong", f"address {number}")

    with pytest.raises(TooManyTriesError):
        guarded.try_password("secret", "another")


def test_what_is_remembered_of_addresses_is_bounded(clock: Clock) -> None:
    guarded = guard(clock, password="")
    for number in range(ADDRESSES + 100):
        clock.now_s += TRIES_S / 10
        guarded.try_password("wrong", f"address {number}")

    assert len(guarded._tries) == ADDRESSES


def test_a_token_lets_a_program_in_and_wrong_ones_are_counted() -> None:
    guarded = guard(token=hash_token("right"))

    assert guarded.is_in("", "right", "program")
    assert not any(guarded.is_in("", f"wrong {number}", "attacker") for number in range(TRIES))
    with pytest.raises(TooManyTriesError):
        guarded.is_in("", "right", "attacker")


def test_a_form_token_is_of_one_session() -> None:
    guarded = guard()
    first, second = guarded.new_session(), guarded.new_session()

    assert guarded.is_form_token(guarded.form_token(first), first)
    assert not guarded.is_form_token(guarded.form_token(first), second)
    assert not guarded.is_form_token("", first)
    assert not guarded.is_form_token(guarded.form_token(""), "")
    assert not Guard(Access()).is_form_token(guarded.form_token(first), first)  # of another run


def test_where_everybody_may_come_in_nobody_is_asked() -> None:
    assert Guard(Access()).is_in("", "", "a")
