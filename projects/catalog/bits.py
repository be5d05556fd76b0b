"""Sets of row positions as integers: bit n stands for the row at position n."""

from collections.abc import Iterable


def bits_of(positions: Iterable[int]) -> int:
    """The set of these positions; one pass, however many there are."""
    positions = list(positions)
    if not positions:
        return 0
    packed = bytearray((max(positions) >> 3) + 1)
    for position in positions:
        packed[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(packed, "little")


def members(bits: int, order: Iterable[int]) -> list[int]:
    """Those positions of `order` that are in the set, in that order."""
    packed = bits.to_bytes((bits.bit_length() + 7) // 8 + 1, "little")
    end = len(packed) << 3
    return [at for at in order if at < end and packed[at >> 3] >> (at & 7) & 1]
