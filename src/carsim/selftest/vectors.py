"""Random numbers against known answers: the generator's published vectors, and compiled streams against the package.

Vectors: kat_vectors of Random123 (Salmon, Moraes, Dror and Shaw, SC11, 2011), philox4x32 with 10 rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from carsim import rng
from carsim.selftest.check import Check, measures

GROUP = "random numbers"
PHILOX = (  # counter, key, words
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
)
SHA_256_OF_ABC = 0xBA7816BF  # its first four bytes, FIPS 180-4
SEED, PURPOSE, PATIENT, REPLICATE, DRAWS = 2**63 + 11, "selftest", 41, 5, 23


@measures(
    GROUP,
    Check("Philox 4x32-10, zeros", "words that differ from the published vector", 0.0, "words"),
    Check("Philox 4x32-10, ones", "words that differ from the published vector", 0.0, "words"),
    Check("Philox 4x32-10, digits of pi", "words that differ from the published vector", 0.0, "words"),
)
def published() -> list[float]:
    """How many of the four words differ, for each of the vectors."""
    return [float(np.sum(rng.philox(counter, key) != np.array(words))) for counter, key, words in PHILOX]


@measures(GROUP, Check("number of a purpose", "difference from the head of SHA-256 of 'abc'", 0.0))
def purpose() -> list[float]:
    """A stream's name has the same number everywhere."""
    return [float(abs(rng.purpose_number("abc") - SHA_256_OF_ABC))]


@measures(
    GROUP,
    Check("compiled stream, vectors", "draws that differ from the published vectors", 0.0, "draws"),
    Check("compiled stream, draws", f"of {DRAWS}, those that differ from the package's own", 0.0, "draws"),
)
def compiled() -> list[float]:
    """A stream shows 53 bits of each pair of words: 32 of the first, 21 of the second."""
    filled = _compiled()
    wrong = 0
    for counter, key, words in PHILOX:
        found = filled(key[0] | key[1] << 32, *counter, 2)
        expected = [words[0] << 21 | words[1] >> 11, words[2] << 21 | words[3] >> 11]
        wrong += sum(one != other for one, other in zip(found, expected, strict=True))
    drawn = filled(SEED, 0, PATIENT, REPLICATE, rng.purpose_number(PURPOSE), DRAWS)
    own = [float(rng.uniforms(SEED, PURPOSE, PATIENT, k, replicate=REPLICATE)) for k in range(DRAWS)]
    return [float(wrong), float(sum(bits * 2.0**-53 != other for bits, other in zip(drawn, own, strict=True)))]


def _compiled() -> Callable[..., list[int]]:
    """A function of (seed, block, patient, replicate, number of the purpose, draws) that runs in compiled code."""
    from numba import njit

    from carsim.engines.kernels import streams

    open_stream, next_bits, place = streams.open_stream, streams.next_bits, streams.BLOCK

    def fill(stream: Any, seed: Any, block: Any, patient: Any, replicate: Any, number: Any, out: Any) -> None:
        open_stream(stream, seed, patient, replicate, number)
        stream[place] = block
        for i in range(out.size):
            out[i] = next_bits(stream)

    fast = njit(fill, error_model="numpy")

    def filled(seed: int, block: int, patient: int, replicate: int, number: int, draws: int) -> list[int]:
        stream, out = np.zeros(streams.STREAM_WORDS, dtype=np.uint64), np.empty(draws, dtype=np.uint64)
        fast(stream, np.uint64(seed), np.uint64(block), patient, replicate, number, out)
        return [int(bits) for bits in out]

    return filled


MEASURES = (published, purpose, compiled)
