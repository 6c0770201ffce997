"""The generated files are what the contracts say, and a release's promise cannot be rewritten."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.booking import ReservationCreated
from contracts.documents import __main__, files
from contracts.documents.files import BASELINE, FOLDER, ROOT, BreakingChange
from contracts.documents.releases import last_release, released_schemas
from contracts.documents.schemas import schemas
from contracts.registry import EVENTS

Run = Callable[..., str]


def test_the_committed_files_are_up_to_date() -> None:
    assert files.stale(ROOT) == [], "run `make events`"


def test_before_anything_is_written_everything_is_stale(tmp_path: Path) -> None:
    assert files.stale(tmp_path) == sorted(files.contents())


def test_what_is_written_is_not_stale(tmp_path: Path) -> None:
    assert files.write(tmp_path) == sorted(files.contents())
    assert files.stale(tmp_path) == []
    assert files.write(tmp_path) == []


def test_a_file_that_was_edited_is_stale(tmp_path: Path) -> None:
    files.write(tmp_path)
    page = FOLDER / "README.md"
    (tmp_path / page).write_text("by hand")
    assert files.stale(tmp_path) == [page]


def test_the_schema_of_an_event_that_is_no_more_is_stale_and_goes(tmp_path: Path) -> None:
    files.write(tmp_path)
    gone = FOLDER / "schemas" / "booking.Forgotten.v1.json"
    (tmp_path / gone).write_text("{}")
    assert files.write(tmp_path) == [gone]
    assert not (tmp_path / gone).exists()


# The schemas


@pytest.mark.parametrize("name", EVENTS)
def test_a_schema_says_which_event_it_is_of_and_stands_alone(name: str) -> None:
    schema = schemas()[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f":{name}")
    assert (schema["title"], schema["x-topic"]) == (EVENTS[name].__name__, EVENTS[name].topic)
    assert schema["description"]
    assert references(schema) == {f"#/$defs/{value}" for value in schema["$defs"]}


def test_a_description_has_no_indentation_of_the_code() -> None:
    description = schemas()[ReservationCreated.type]["description"]
    assert "\n\nNobody has to react." in description


def references(value: Any) -> set[str]:
    """Every `$ref` in a document."""
    if isinstance(value, list):
        return set().union(*(references(part) for part in value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if "$ref" in value else set()
    return own.union(*(references(part) for part in value.values()))


# The AsyncAPI document


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / FOLDER / "asyncapi.json").read_text())
    return document


def resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any]) -> None:
    assert all(resolved(asyncapi, reference) for reference in references(asyncapi))


def test_every_topic_has_a_channel_with_its_messages(asyncapi: dict[str, Any]) -> None:
    channels = {
        topic: {
            resolved(asyncapi, message["$ref"])["name"] for message in channel["messages"].values()
        }
        for topic, channel in asyncapi["channels"].items()
    }
    topics = {event.topic for event in EVENTS.values()}
    assert channels == {
        topic: {name for name, event in EVENTS.items() if event.topic == topic} for topic in topics
    }


def messages_of(document: dict[str, Any], action: str) -> set[tuple[str, str]]:
    """(service, event type) of every operation with this action."""
    return {
        (
            name.partition(".")[0],
            resolved(document, resolved(document, message["$ref"])["$ref"])["name"],
        )
        for name, operation in document["operations"].items()
        if operation["action"] == action
        for message in operation["messages"]
    }


def test_every_event_is_sent_by_its_service_alone(asyncapi: dict[str, Any]) -> None:
    assert messages_of(asyncapi, "send") == {(name.partition(".")[0], name) for name in EVENTS}


def test_every_event_is_received_by_those_who_handle_it(asyncapi: dict[str, Any]) -> None:
    assert messages_of(asyncapi, "receive") == {
        (service, name) for name, event in EVENTS.items() for service in event.handled_by
    }


# The promise


@pytest.fixture
def repository(tmp_path: Path) -> Run:
    """A git repository with the generated files, without a release."""

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=anna", "-c", "user.email=anna@example.test"]
        quiet = ["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *quiet, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    git("init", "-q")
    files.write(tmp_path)
    git("add", ".")
    git("commit", "-q", "-m", "events")
    return git


def in_hand() -> dict[str, Any]:
    """The schemas as they are read from a file: with lists for tuples."""
    schemas_read: dict[str, Any] = json.loads(json.dumps(schemas()))
    return schemas_read


def promise_more(root: Path) -> None:
    """Let the files in hand say that ReservationCreated had another field, and had to."""
    path = root / FOLDER / "schemas" / f"{ReservationCreated.type}.json"
    schema = json.loads(path.read_text())
    schema["properties"]["gate"] = {"type": "string"}
    schema["required"].append("gate")
    path.write_text(json.dumps(schema))


def test_outside_of_git_there_is_no_release(tmp_path: Path) -> None:
    assert last_release(tmp_path) is None


def test_a_tag_that_is_no_version_is_no_release(tmp_path: Path, repository: Run) -> None:
    repository("tag", "verified")
    assert last_release(tmp_path) is None


def test_a_release_is_read_as_it_was_tagged(tmp_path: Path, repository: Run) -> None:
    repository("tag", "v0.1.0")
    promise_more(tmp_path)
    assert last_release(tmp_path) == "v0.1.0"
    assert released_schemas(tmp_path, "v0.1.0") == in_hand()


def test_a_release_without_schemas_promises_nothing(tmp_path: Path, repository: Run) -> None:
    repository("rm", "-rq", str(FOLDER))
    repository("commit", "-q", "-m", "none")
    repository("tag", "v0.1.0")
    assert released_schemas(tmp_path, "v0.1.0") == {}


def test_before_the_first_release_the_baseline_may_be_anything(
    tmp_path: Path, repository: Run
) -> None:
    promise_more(tmp_path)
    repository("commit", "-qam", "a field that the contracts do not have")
    files.write_baseline(tmp_path)
    assert files.baseline(tmp_path) == in_hand()


def test_after_a_release_a_compatible_baseline_is_written(tmp_path: Path, repository: Run) -> None:
    repository("tag", "v0.1.0")
    files.write_baseline(tmp_path)
    assert files.baseline(tmp_path) == in_hand()


def test_after_a_release_a_baseline_that_breaks_it_is_refused(
    tmp_path: Path, repository: Run
) -> None:
    promise_more(tmp_path)
    repository("commit", "-qam", "a field that the contracts do not have")
    repository("tag", "v0.1.0")
    with pytest.raises(
        BreakingChange, match=r"v0\.1\.0:\n.*ReservationCreated.v1: gate is removed"
    ):
        files.write_baseline(tmp_path)
    assert not (tmp_path / BASELINE).exists()


# The command


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command writes."""
    monkeypatch.setattr(__main__, "ROOT", tmp_path)
    return tmp_path


def test_the_check_names_what_is_stale_and_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["--check"]) == 1
    assert "stale: docs/events/README.md (make events)" in capsys.readouterr().out
    assert not list(root.iterdir())


def test_the_check_passes_what_the_command_wrote(root: Path) -> None:
    assert __main__.main([]) == 0
    assert __main__.main(["--check"]) == 0
    assert (
        msgspec.json.decode((root / FOLDER / "asyncapi.json").read_bytes())["asyncapi"] == "3.0.0"
    )


def test_the_command_says_why_a_baseline_is_refused(
    root: Path, repository: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    promise_more(root)
    repository("commit", "-qam", "a field that the contracts do not have")
    repository("tag", "v0.1.0")
    assert __main__.main(["--baseline"]) == 1
    assert "gate is removed" in capsys.readouterr().out


def test_the_command_promises_what_is_in_hand(root: Path) -> None:
    assert __main__.main(["--baseline"]) == 0
    assert files.baseline(root) == in_hand()
