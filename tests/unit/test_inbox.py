"""What counts as waiting in the inbox."""

from pathlib import Path

from orchestration.home import Home
from orchestration.inbox import remember, settled, waiting


def names(home: Home) -> list[str]:
    return [file.path.name for file in waiting(home)]


def test_a_file_waits_until_it_has_landed_and_again_when_it_grows(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert waiting(home) == []
    (home.inbox / "deep").mkdir(parents=True)
    (home.inbox / "b.ndjson").write_text("{}\n")
    (home.inbox / "deep" / "a.ndjson").write_text("{}\n")
    assert names(home) == ["b.ndjson", "a.ndjson"]
    for file in waiting(home):
        remember(home, file)
    assert waiting(home) == []
    with (home.inbox / "b.ndjson").open("a") as handle:
        handle.write("{}\n")
    assert names(home) == ["b.ndjson"]


def test_files_being_written_and_ways_out_of_the_inbox_do_not_count(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.inbox.mkdir(parents=True)
    outside = tmp_path / "outside.ndjson"
    outside.write_text("{}\n")
    (home.inbox / "link.ndjson").symlink_to(outside)
    (home.inbox / ".hidden.ndjson").write_text("{}\n")
    (home.inbox / "a.ndjson.part").write_text("{}\n")
    (home.inbox / "broken.ndjson").symlink_to("nowhere")
    (home.inbox / "real.ndjson").write_text("{}\n")
    assert names(home) == ["real.ndjson"]


def test_a_file_that_still_changes_is_left_for_the_next_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.inbox.mkdir()
    path = home.inbox / "a.ndjson"
    path.write_text("{}\n")
    (file,) = waiting(home)
    assert settled(file, 0.05)
    path.write_text("{}\n{}\n")
    assert not settled(file, 0)
    path.unlink()
    assert not settled(file, 0)
