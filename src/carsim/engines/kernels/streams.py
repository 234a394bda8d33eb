"""The random streams of `carsim.rng` inside compiled code, read one draw after the other.

A stream is an array (or bare pointer) of STREAM_WORDS uint64, the whole of its state. Draw k of a stream is, bit for
bit, draw k of `carsim.rng` for the same seed, purpose, patient and replicate; the purpose is given as its number.

    block i of (seed, purpose, patient, replicate)
        = Philox 4x32-10 of counter (i, patient, replicate, purpose) and key (seed mod 2^32, seed div 2^32)
        = four words w0 w1 w2 w3
    draw 2i = the upper 53 bits of w0 w1;  draw 2i + 1 = the upper 53 bits of w2 w3

Eight blocks are made side by side, in vector registers, and the draws are kept until asked for: a block is a chain of
ten multiplications, each waiting for the last, so that eight together take little longer than one. Patient, replicate
and purpose must lie below 2^32, and a stream repeats after 2^33 draws: who opens it sees to the first, who runs it to
the second (`carsim.rng` refuses both). Every constant is a np.uint64, since numba turns a uint64 and an int64 into a
double, which would lose bits without a word.

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11 (2011).
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from carsim.engines.kernels.lanes import apart, bare, kernel

# Words of a stream: the key, the counter, how many of the draws are still to be used, and the draws.
KEY_LOW, KEY_HIGH, BLOCK, PATIENT, REPLICATE, PURPOSE, LEFT = range(7)
DRAWS, STREAM_WORDS = 8, 24
BLOCKS = 8  # at once
ALL = np.uint64(2 * BLOCKS)
END = np.uint64(STREAM_WORDS)

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
WORD, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
NONE, ONE = np.uint64(0), np.uint64(1)
OF_53_BITS, OF_52_BITS = 2.0**-53, 2.0**-52

VECTOR = ir.VectorType(ir.IntType(64), BLOCKS)


@kernel
def open_stream(stream, seed, patient, replicate, purpose):
    """Set a stream to its first draw; the purpose is `carsim.rng.purpose_number` of its name."""
    stream[KEY_LOW] = np.uint64(seed) & WORD
    stream[KEY_HIGH] = np.uint64(seed) >> HALF
    stream[BLOCK] = NONE
    stream[PATIENT] = np.uint64(patient) & WORD
    stream[REPLICATE] = np.uint64(replicate) & WORD
    stream[PURPOSE] = np.uint64(purpose) & WORD
    stream[LEFT] = NONE


@kernel
def next_bits(stream):
    """The next 53 random bits, as a uint64."""
    left = stream[LEFT]
    if left == NONE:
        refill(stream)
        left = ALL
    stream[LEFT] = left - ONE
    return stream[np.int64(END - left)]


@kernel
def put_back(stream):
    """Make the last draw the next one again."""
    stream[LEFT] += ONE


@kernel
def refill(stream):
    """Make the next draws; apart, so that taking one of them is a few instructions within the caller."""
    apart()
    _make_draws(bare(stream))


@kernel
def uniform(stream):
    """A number in [0, 1), a multiple of 2^-53."""
    # Through int64, which holds 53 bits too: it becomes a double in one instruction, a uint64 in several.
    return np.float64(np.int64(next_bits(stream))) * OF_53_BITS


@kernel
def open_uniform(stream):
    """A number in (0, 1), never either end: the middle of one of 2^52 equal cells.

    Of 53 bits, (2^53 - 1) + 1/2 needs 54 digits and rounds to 2^53, which is 1.0; of 52 bits every middle is exact, and
    so is one minus it.
    """
    return (np.float64(np.int64(next_bits(stream) >> ONE)) + 0.5) * OF_52_BITS


def _each(*numbers):
    """A constant vector; of one number, the same in every lane."""
    return ir.Constant(VECTOR, list(numbers) if len(numbers) > 1 else list(numbers) * BLOCKS)


def _philox(builder, counter, key):
    """Code for Philox 4x32-10 of four words of a counter and two of a key, each a vector of numbers below 2^32."""
    word, half = _each(0xFFFFFFFF), _each(32)
    for turn in range(ROUNDS):
        bumps = [_each(turn * weyl & 0xFFFFFFFF) for weyl in WEYL]
        bumped = [builder.and_(builder.add(k, bump), word) for k, bump in zip(key, bumps, strict=True)]
        first, second = (builder.mul(counter[2 * i], _each(MULTIPLIERS[i])) for i in range(2))
        counter = [
            builder.xor(builder.lshr(second, half), builder.xor(counter[1], bumped[0])),
            builder.and_(second, word),
            builder.xor(builder.lshr(first, half), builder.xor(counter[3], bumped[1])),
            builder.and_(first, word),
        ]
    return counter


@intrinsic
def _make_draws(typing_context, stream):
    """Fill the draws of a stream (a pointer) from its next blocks, and move its counter on."""

    def lower(context, builder, sig, args):
        def place(number):
            return builder.gep(args[0], [ir.Constant(ir.IntType(64), number)])

        def spread(number):
            vector, value = ir.Constant(VECTOR, ir.Undefined), builder.load(place(number))
            for lane in range(BLOCKS):
                vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), lane))
            return vector

        blocks = builder.and_(builder.add(spread(BLOCK), _each(*range(BLOCKS))), _each(0xFFFFFFFF))
        counter = [blocks, spread(PATIENT), spread(REPLICATE), spread(PURPOSE)]
        words = _philox(builder, counter, [spread(KEY_LOW), spread(KEY_HIGH)])
        pairs = ((words[0], words[1]), (words[2], words[3]))  # 32 + 21 = 53 bits of each pair
        even, odd = (builder.or_(builder.shl(a, _each(21)), builder.lshr(b, _each(11))) for a, b in pairs)
        order = [lane for i in range(BLOCKS) for lane in (i, BLOCKS + i)]
        draws = builder.shuffle_vector(even, odd, ir.Constant(ir.VectorType(ir.IntType(32), 2 * BLOCKS), order))
        builder.store(draws, builder.bitcast(place(DRAWS), draws.type.as_pointer()), align=8)
        moved = builder.add(builder.load(place(BLOCK)), ir.Constant(ir.IntType(64), BLOCKS))
        builder.store(moved, place(BLOCK))
        return context.get_dummy_value()

    return types.void(stream), lower
