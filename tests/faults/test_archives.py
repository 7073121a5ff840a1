"""Archives that break off, have wrong bytes or grow beyond all bounds: what lands of them, and what never does."""

import gzip
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from orchestration.home import Home
from orchestration.landing import Limits, Verdicts, decompress, lake_state, land, quarantine
from tests.unit.landing.landing_files import account, accounts, land_one, reasons, rows, text


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".zst": lambda content: zstandard.ZstdCompressor(write_checksum=True).compress(content),
}


@pytest.mark.parametrize("packing", PACKERS)
def test_archives_of_several_members(home: Home, tmp_path: Path, packing: str) -> None:
    members = [PACKERS[packing](text(event) + b"\n") for event in accounts(20)]
    path = tmp_path / f"a.ndjson{packing}"
    path.write_bytes(b"".join(members))
    assert land_one(home, path) == Verdicts(accepted=20)


def incompressible_accounts(count: int) -> list[bytes]:
    """Lines that fill many blocks of an archive; the same ones in every run."""
    source = random.Random(7)
    return [text(account(f"e{i}", source.randbytes(900).hex())) + b"\n" for i in range(count)]


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "garbage after"])
def test_an_archive_that_breaks_off_lands_up_to_the_break(
    home: Home, tmp_path: Path, packing: str, damage: str
) -> None:
    content = b"".join(incompressible_accounts(400))
    packed = PACKERS[packing](content)
    path = tmp_path / f"a.ndjson{packing}"
    path.write_bytes(packed[: len(packed) * 3 // 4] if damage == "cut" else packed + b"garbage")
    verdicts = land_one(home, path)
    assert reasons(home) == ["truncated_file"]
    assert 0 < verdicts.accepted < 400 if damage == "cut" else verdicts.accepted == 400
    assert {row["event_id"] for row in rows(home, "events")} == {f"e{i}" for i in range(verdicts.accepted)}
    (tail,) = rows(home, "quarantine")
    assert "data" in tail["message"]
    if damage == "cut":
        landed = content.split(b"\n")[: verdicts.accepted]
        assert content.startswith(b"\n".join(landed) + b"\n" + bytes(tail["raw_line"]))


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("is_mark_split", [False, True], ids=["whole mark", "mark read in two"])
def test_an_archive_with_wrong_bytes_is_refused_whole(
    home: Home, tmp_path: Path, packing: str, is_mark_split: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = (PACKERS[packing](b"".join(lines)) for lines in _halves(incompressible_accounts(400)))
    if is_mark_split:
        monkeypatch.setattr(decompress, "_GZIP_PIECE", len(good) + 1)
        monkeypatch.setattr(decompress, "_ZSTD_PIECE", len(good) + 1)
    damaged = bytearray(bad)
    damaged[len(damaged) * 3 // 4] ^= 0x55
    path = tmp_path / f"a.ndjson{packing}"
    path.write_bytes(good + damaged)
    assert land_one(home, path) == Verdicts(quarantined=1)
    (row,) = rows(home, "quarantine")
    assert row["reason_code"] == "damaged_archive"
    assert "ask its sender for the file again" in row["message"]
    assert land_one(home, path) == Verdicts(quarantined=1)
    assert len(rows(home, "quarantine")) == 1
    path.write_bytes(good + bad)
    assert land_one(home, path) == Verdicts(accepted=400)


def _halves(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    return lines[: len(lines) // 2], lines[len(lines) // 2 :]


def test_no_other_digit_lands(home: Home, tmp_path: Path) -> None:
    """The archive can be read to its end and every line is valid: only the checksum after them knows."""
    packed = gzip.compress(text(account("e1", "12.50")) + b"\n", compresslevel=0, mtime=0)
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(packed.replace(b"12.50", b"13.50"))
    assert land_one(home, path) == Verdicts(quarantined=1)
    assert reasons(home) == ["damaged_archive"]
    assert quarantine.retry(home, reason="again", resolved_by="Ada").tried == 0


@pytest.mark.parametrize("cut", [0, 1, 5, 18])
def test_an_archive_that_is_hardly_there(home: Home, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(text(account("1")), mtime=0)[:cut])
    assert land_one(home, path) == Verdicts(quarantined=1 if cut else 0)


def test_a_packed_name_on_a_plain_file(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(text(account("1")))
    assert land_one(home, path) == Verdicts(quarantined=1)
    assert reasons(home) == ["truncated_file"]


@pytest.mark.parametrize("packing", PACKERS)
def test_a_bomb_is_refused_whole_and_may_come_again_under_wider_bounds(
    home: Home, tmp_path: Path, packing: str
) -> None:
    content = text(account("1")) + b"\n" + (text(account("2", "x" * 1000)) + b"\n") * 4000
    path = tmp_path / f"bomb.ndjson{packing}"
    path.write_bytes(PACKERS[packing](content))
    narrow = Limits(unpacked_ratio=20, ratio_from_bytes=1024 * 1024)
    assert land_one(home, path, narrow) == Verdicts(quarantined=1)
    assert reasons(home) == ["unpacked_too_large"]
    before = lake_state(home).high_water
    again = land(home, [path], limits=narrow)
    assert again.verdicts == Verdicts(quarantined=1)
    assert lake_state(home).high_water == before
    assert land_one(home, path) == Verdicts(accepted=2, duplicate=3999)


def test_a_bomb_does_not_fill_the_memory(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "bomb.ndjson.zst"
    path.write_bytes(zstandard.compress(b"\n" * 600_000_000))
    tracemalloc.start()
    assert land_one(home, path) == Verdicts(quarantined=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000_000
