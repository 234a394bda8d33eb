// Philox 4x32-10 as carsim.rng has it: a number is a function of (seed, stream, patient, draw) and of nothing else.
// Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11 (2011).

/** [high, low] 32 bits of the product of two 32-bit words. */
function wide(a, b) {
  const ah = a >>> 16, al = a & 0xffff, bh = b >>> 16, bl = b & 0xffff;
  const low = al * bl, middle = ah * bl + (low >>> 16), carry = al * bh + (middle % 0x10000);
  return [(ah * bh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0, Math.imul(a, b) >>> 0];
}

/** Four random words of a counter (four words) and a key (two words). */
function philox(counter, key) {
  let [a, b, c, d] = counter, [k, l] = key;
  for (let turn = 0; turn < 10; turn++) {
    const [high, low] = wide(0xd2511f53, a), [top, bottom] = wide(0xcd9e8d57, c);
    [a, b, c, d] = [(top ^ b ^ k) >>> 0, bottom, (high ^ d ^ l) >>> 0, low];
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a, b, c, d];
}

/** High 21 and low 32 bits of a stream's number for one patient: 53 bits in all. */
function bits(seed, stream, patient, draw = 0) {
  const number = DATA.streams[stream];
  if (number === undefined) throw new Error(`no such stream: ${stream}`);
  const key = [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
  const words = philox([draw >>> 1, patient >>> 0, 0, number], key), half = 2 * (draw & 1);
  return [words[half], words[half + 1] >>> 11]; // 32 and 21 bits
}

/** A number in [0, 1), a multiple of 2^-53. */
function uniform(seed, stream, patient, draw = 0) {
  const [high, low] = bits(seed, stream, patient, draw);
  return (high * 0x200000 + low) * 2 ** -53;
}

/** A standard normal, by the inverse distribution function of 52 bits. */
function normal(seed, stream, patient, draw = 0) {
  const [high, low] = bits(seed, stream, patient, draw);
  return quantile((Math.floor((high * 0x200000 + low) / 2) + 0.5) * 2 ** -52);
}
