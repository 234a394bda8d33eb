"""Random streams by counter: a number is a function of (seed, purpose, patient, replicate, draw) and of nothing else.

No stream has a state, so adding a patient, an arm or a thread changes no one else's numbers. The generator is Philox
4x32-10: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11 (2011). The key holds the seed
(64 bits); the counter holds draw // 2, patient, replicate and the number of the purpose (32 bits each). One block gives
two draws of 53 bits.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = np.uint64(0xFFFFFFFF)
BITS = np.uint64(32)
LARGEST_SEED = 2**64 - 1


@lru_cache(maxsize=4096)
def purpose_number(purpose: str) -> int:
    """The 32-bit number of a purpose: the head of the SHA-256 of its name, the same on every machine for ever."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:4], "big")


def philox(counter: ArrayLike, key: ArrayLike) -> NDArray[np.uint32]:
    """Philox 4x32-10 of counters (..., 4) and keys (..., 2), words below 2^32; four random words (..., 4)."""
    words = [np.asarray(counter, dtype=np.uint64)[..., i] for i in range(4)]
    keys = [np.asarray(key, dtype=np.uint64)[..., i] for i in range(2)]
    for turn in range(ROUNDS):
        bumped = [(k + np.uint64(turn * weyl & 0xFFFFFFFF)) & WORD for k, weyl in zip(keys, WEYL, strict=True)]
        first, second = (np.uint64(m) * w for m, w in zip(MULTIPLIERS, words[::2], strict=True))
        words = [
            (second >> BITS) ^ words[1] ^ bumped[0],
            second & WORD,
            (first >> BITS) ^ words[3] ^ bumped[1],
            first & WORD,
        ]
    return np.stack(words, axis=-1).astype(np.uint32)


def uniforms(
    seed: int, purpose: str, patients: ArrayLike, draw: int = 0, *, replicate: ArrayLike = 0
) -> NDArray[np.float64]:
    """One number in [0, 1) per patient, a multiple of 2^-53; `patients` are indices from 0, any shape."""
    fractions: NDArray[np.float64] = _bits(seed, purpose, patients, draw, replicate) * np.float64(2.0**-53)
    return fractions


def normals(
    seed: int, purpose: str, patients: ArrayLike, draw: int = 0, *, replicate: ArrayLike = 0
) -> NDArray[np.float64]:
    """One standard normal per patient, by the inverse distribution function of 52 bits (so never infinite)."""
    from scipy.special import ndtri

    bits = _bits(seed, purpose, patients, draw, replicate) >> np.uint64(1)
    numbers: NDArray[np.float64] = ndtri((bits + 0.5) * 2.0**-52)
    return numbers


def _bits(seed: int, purpose: str, patients: ArrayLike, draw: int, replicate: ArrayLike) -> NDArray[np.uint64]:
    """53 random bits for each patient."""
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed: got {seed}; expected a whole number from 0 to 2^64 - 1, for example 1")
    patient, copy = np.broadcast_arrays(np.asarray(patients, dtype=np.uint64), np.asarray(replicate, dtype=np.uint64))
    if patient.size and max(int(patient.max()), int(copy.max()), draw // 2) > int(WORD):
        raise ValueError("random streams hold at most 2^32 patients and replicates and 2^33 draws")
    block, half = np.full(patient.shape, draw // 2, dtype=np.uint64), draw % 2
    number = np.full(patient.shape, purpose_number(purpose), dtype=np.uint64)
    words = philox(np.stack([block, patient, copy, number], axis=-1), (seed & 0xFFFFFFFF, seed >> 32))
    high, low = words[..., 2 * half].astype(np.uint64), words[..., 2 * half + 1].astype(np.uint64)
    return (high << np.uint64(21)) | (low >> np.uint64(11))
