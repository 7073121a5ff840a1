"""Opens event files as streams of bytes, plain, gzip or zstd; bounded, and honest about what is broken."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orchestration.contracts.reasons import Reason
from orchestration.landing.limits import Limits

_BLOCK = 1024 * 1024
_GZIP_PIECE = 16 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
# A frame can blow up one byte to some 32 KiB; small pieces keep what one call returns bounded.
_ZSTD_PIECE = 4096


class BrokenArchive(Exception):
    """The file ends too early, or goes on as something else; what came before it was good."""


class FileRefused(Exception):
    """Nothing of the file may land, not even what was read of it before."""

    reason: Reason


class DamagedArchive(FileRefused):
    """Bytes of the file are wrong, and what was unpacked before that showed may be wrong too."""

    reason = Reason.DAMAGED_ARCHIVE


class UnpackedTooLarge(FileRefused):
    """The file grows beyond the bounds when it is unpacked."""

    reason = Reason.UNPACKED_TOO_LARGE


def read_blocks(file: BinaryIO, path: Path, limits: Limits) -> Iterator[bytes]:
    """The content of an open file, block by block. Raises BrokenArchive after the good part, or FileRefused."""
    match path.suffix:
        case ".gz":
            yield from _bounded(_gzip(file), file, limits)
        case ".zst":
            yield from _bounded(_zstd(file), file, limits)
        case _:
            while block := file.read(_BLOCK):
                yield block


def _bounded(blocks: Iterator[bytes], file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.unpacked_bytes:
            raise UnpackedTooLarge(f"it unpacks to more than {limits.unpacked_bytes} bytes")
        if size > limits.ratio_from_bytes and size > limits.unpacked_ratio * max(file.tell(), 1):
            raise UnpackedTooLarge(
                f"{file.tell()} bytes unpack to more than {size}, over {limits.unpacked_ratio} times as much"
            )
        yield block


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    packed = file.read(_GZIP_PIECE)
    while packed:
        member = zlib.decompressobj(wbits=31)
        is_gzip = packed.startswith(_GZIP_MAGIC)
        while not member.eof:
            try:
                unpacked = member.decompress(packed, _BLOCK)
            except zlib.error as error:
                raise _damaged("gzip", error, is_gzip) from error
            if unpacked:
                is_gzip = True
                yield unpacked
            packed = member.unconsumed_tail
            if not (packed or member.eof or len(unpacked) == _BLOCK):
                packed = file.read(_GZIP_PIECE)
                if not packed:
                    raise BrokenArchive("the gzip data ends in the middle")
        packed = member.unused_data or file.read(_GZIP_PIECE)
        # gzip lets a file be padded with zeros.
        while packed and not packed.strip(b"\0"):
            packed = file.read(_GZIP_PIECE)
        packed = packed.lstrip(b"\0")


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    context = zstandard.ZstdDecompressor()
    packed = file.read(_ZSTD_PIECE)
    while packed:
        frame = context.decompressobj()
        is_zstd = packed.startswith(zstandard.FRAME_HEADER)
        while not frame.eof:
            if not packed:
                raise BrokenArchive("the zstd data ends in the middle")
            try:
                unpacked = frame.decompress(packed)
            except zstandard.ZstdError as error:
                raise _damaged("zstd", error, is_zstd) from error
            if unpacked:
                is_zstd = True
                yield unpacked
            packed = b"" if frame.eof else file.read(_ZSTD_PIECE)
        packed = frame.unused_data or file.read(_ZSTD_PIECE)


def _damaged(packing: str, error: Exception, is_archive: bool) -> Exception:
    """The sum over a member (a frame) stands at its end: until then a wrong byte may only have changed a digit.

    What is no archive from its first byte on says nothing against the members before it.
    """
    if is_archive:
        return DamagedArchive(f"the {packing} data is damaged: {error}; ask its sender for the file again")
    return BrokenArchive(f"the {packing} data is damaged: {error}")
