"""API keys: who has one is let in, until its line is gone."""

import logging
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contracts.callers import OPS, READ, WRITE
from gateway.api_keys import ApiKeys, check, line, new_key
from gateway.customers import Customer
from tests.gateway.identities import add_key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of keys that has a comment and an empty line."""
    made = tmp_path / "keys"
    made.write_text("# customers of the north\n\n")
    return made


def test_a_key_says_who_asks_and_what_they_may(file: Path) -> None:
    key = add_key(file, "agency#7", [READ, OPS])
    assert ApiKeys(file).customer(key) == Customer("agency#7", frozenset({READ, OPS}))


def test_only_a_digest_is_kept_of_a_key(file: Path) -> None:
    key = add_key(file, "eva")
    assert key not in file.read_text()
    assert key.removeprefix("airline_") not in file.read_text()


def test_another_key_is_nobodys(file: Path) -> None:
    add_key(file, "eva")
    assert ApiKeys(file).customer(new_key()) is None
    assert ApiKeys(None).customer(new_key()) is None


def test_keys_differ() -> None:
    assert new_key() != new_key()
    assert len(new_key()) > 43


def test_a_key_is_revoked_by_deleting_its_line_and_added_by_adding_one(file: Path) -> None:
    revoked, kept = add_key(file, "eva"), add_key(file, "bo")
    keys = ApiKeys(file)
    assert keys.customer(revoked)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(entry for entry in lines if " eva " not in entry))
    assert keys.customer(revoked) is None
    assert keys.customer(kept)
    added = add_key(file, "ola")
    assert keys.customer(added) == Customer("ola", frozenset({READ, WRITE}))


def test_a_file_that_is_gone_lets_nobody_in(file: Path) -> None:
    key = add_key(file, "eva")
    keys = ApiKeys(file)
    assert keys.customer(key)
    file.unlink()
    assert keys.customer(key) is None


def test_a_file_that_stays_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add_key(file, "eva")
    keys = ApiKeys(file)
    assert keys.customer(key)

    def unread(*args: object, **kwargs: object) -> str:
        pytest.fail("it was read again")

    monkeypatch.setattr(Path, "read_text", unread)
    assert keys.customer(key)


BROKEN = [
    "nothing",
    f"{'0' * 64} eva",
    f"{'0' * 63} eva {READ}",
    f"{'0' * 64} eva flying",
    f"{'0' * 64} service:fare {READ}",
    f"{'0' * 64} {'e' * 151} {READ}",
    f"{'0' * 64} eva {READ} {WRITE}",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_file_with_a_broken_line_refuses_to_start_and_names_it(file: Path, broken: str) -> None:
    file.write_text(f"# one\n{broken}\n")
    with pytest.raises(ValueError, match=f"^line 2 of {file}: ") as refused:
        check(file)
    assert broken not in str(refused.value)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_line_that_breaks_later_lets_nobody_in_and_shuts_nobody_out(
    file: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = add_key(file, "eva")
    keys = ApiKeys(file)
    file.write_text(f"{broken}\n{file.read_text()}")
    with caplog.at_level(logging.ERROR):
        assert keys.customer(key)
    assert "line 1 of the API keys is left out" in caplog.text
    assert broken not in caplog.text


def test_a_line_is_made_only_for_a_customer_and_scopes_that_can_be() -> None:
    for customer, scope in (("service:fare", READ), ("two words", READ), ("", READ), ("eva", "x")):
        with pytest.raises(ValueError, match=r"customer|scopes"):
            line(new_key(), customer, [scope])


def test_the_command_prints_a_key_and_the_line_that_lets_it_in(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("make_api_key", "eva", "--scope", READ, "--scope", OPS)
    _, key, _, entry = (part for part in capsys.readouterr().out.split("\n\n") if part)
    file.write_text(f"{entry.strip()}\n")
    assert ApiKeys(file).customer(key.strip()) == Customer("eva", frozenset({READ, OPS}))


def test_the_command_makes_keys_that_book(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("make_api_key", "eva")
    assert f" eva {READ},{WRITE}\n" in capsys.readouterr().out


def test_the_command_refuses_a_services_name() -> None:
    with pytest.raises(CommandError, match="That cannot be"):
        call_command("make_api_key", "service:fare")
