// Deflate undone (RFC 1951), and base64: the table of networks travels as text in a sixth of its size.

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577];
const CODES_OF_LENGTHS = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The text behind base64 of a raw deflate stream. */
function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), out = [];
  let at = 0, held = 0, count = 0;
  const take = (n) => {
    while (count < n) { held |= bytes[at++] << count; count += 8; }
    const value = held & ((1 << n) - 1);
    held >>>= n;
    count -= n;
    return value;
  };
  /** Huffman codes from their lengths: how many of each length, and the symbols in order. */
  const tree = (lengths) => {
    const counts = new Array(16).fill(0), symbols = [];
    for (const length of lengths) if (length) counts[length]++;
    for (let length = 1; length < 16; length++) lengths.forEach((own, k) => { if (own === length) symbols.push(k); });
    return {counts, symbols};
  };
  const symbol = ({counts, symbols}) => {
    let code = 0, first = 0, index = 0;
    for (let length = 1; ; length++) {
      code |= take(1);
      if (code - first < counts[length]) return symbols[index + code - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      code <<= 1;
    }
  };
  const dynamic = () => {
    const literals = take(5) + 257, distances = take(5) + 1, own = new Array(19).fill(0), lengths = [];
    for (let k = 0, n = take(4) + 4; k < n; k++) own[CODES_OF_LENGTHS[k]] = take(3);
    const codes = tree(own);
    while (lengths.length < literals + distances) {
      const word = symbol(codes);
      if (word < 16) lengths.push(word);
      else {
        const repeated = word === 16 ? lengths[lengths.length - 1] : 0;
        const times = word === 16 ? 3 + take(2) : word === 17 ? 3 + take(3) : 11 + take(7);
        for (let k = 0; k < times; k++) lengths.push(repeated);
      }
    }
    return [tree(lengths.slice(0, literals)), tree(lengths.slice(literals))];
  };
  const fixed = [tree(Array.from({length: 288}, (_, k) => (k < 144 ? 8 : k < 256 ? 9 : k < 280 ? 7 : 8))), tree(new Array(30).fill(5))];
  for (let last = false; !last;) {
    last = take(1) === 1;
    const kind = take(2);
    if (kind === 0 || kind === 3) throw new Error("the table of networks is damaged"); // text is never stored as it is
    const [literals, distances] = kind === 2 ? dynamic() : fixed;
    for (let word = symbol(literals); word !== 256; word = symbol(literals)) {
      if (word < 256) { out.push(word); continue; }
      const k = word - 257, length = LENGTHS[k] + take(k < 4 || k === 28 ? 0 : (k - 4) >> 2), d = symbol(distances);
      const back = DISTANCES[d] + take(d < 2 ? 0 : (d - 2) >> 1);
      for (let i = 0; i < length; i++) out.push(out[out.length - back]);
    }
  }
  return new TextDecoder().decode(Uint8Array.from(out));
}
