"""Opens event files as streams of bytes, plain, gzip or zstd; bounded, and honest about what is broken."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orchestration.landing.limits import Limits

_BLOCK = 1024 * 1024
_GZIP_PIECE = 16 * 1024
# A frame can blow up one byte to some 32 KiB; small pieces keep what one call returns bounded.
_ZSTD_PIECE = 4096


class BrokenArchive(Exception):
    """The file ends too early or cannot be unpacked further; what came before it was good."""


class UnpackedTooLarge(Exception):
    """The file grows beyond the bounds when it is unpacked."""


def read_blocks(file: BinaryIO, path: Path, limits: Limits) -> Iterator[bytes]:
    """The content of an open file, block by block. Raises BrokenArchive and UnpackedTooLarge after the good part."""
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
        while not member.eof:
            try:
                unpacked = member.decompress(packed, _BLOCK)
            except zlib.error as error:
                raise BrokenArchive(f"the gzip data is damaged: {error}") from error
            if unpacked:
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
        while not frame.eof:
            if not packed:
                raise BrokenArchive("the zstd data ends in the middle")
            try:
                unpacked = frame.decompress(packed)
            except zstandard.ZstdError as error:
                raise BrokenArchive(f"the zstd data is damaged: {error}") from error
            if unpacked:
                yield unpacked
            packed = b"" if frame.eof else file.read(_ZSTD_PIECE)
        packed = frame.unused_data or file.read(_ZSTD_PIECE)
