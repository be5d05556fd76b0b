"""Sets of row positions as integers: bit n stands for the row at position n."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

_MANY = 500  # for so many, one store each is cheaper than shifting, though all digits are then read
_ONE = ord("1")
_FLAGS = bytes.maketrans(b"01", b"\0\1")


def bits_of(positions: Iterable[int]) -> int:
    """The set of these positions; one pass, however many there are."""
    positions = list(positions)
    if not positions:
        return 0
    size = max(positions) + 1
    if len(positions) > _MANY:
        digits = bytearray(b"0") * size
        for position in positions:
            digits[position] = _ONE
        digits.reverse()
        return int(digits, 2)
    packed = bytearray((size + 7) >> 3)
    for position in positions:
        packed[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(packed, "little")


def column(numbered: Iterable[tuple[int, int]], size: int) -> bytes:
    """For each position the number (1 to 255) of the set that it is in, 0 for none; the sets share no position."""
    total = 0
    for number, bits in numbered:
        total += number * int.from_bytes(f"{bits:b}".encode().translate(_FLAGS), "big")
    return total.to_bytes(size, "little")


def members(bits: int, order: Sequence[int], size: int) -> Iterator[int]:
    """Those positions of `order` that are in the set, in that order; all positions are below `size`."""
    flags = f"{bits:0{size}b}"[::-1].encode().translate(_FLAGS)
    return compress(order, map(flags.__getitem__, order))


def positions_in(bits: int) -> list[int]:
    """The members of the set, from the smallest on."""
    flags = f"{bits:b}"[::-1].encode().translate(_FLAGS)
    return list(compress(range(len(flags)), flags))
