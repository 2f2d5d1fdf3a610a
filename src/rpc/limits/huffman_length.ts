/**
 * How many codes of each length HPACK's Huffman code has (RFC 7541, appendix B); it is canonical. Excludes the last
 * one, which marks the end of a string and which no text may contain (5.2).
 */
// deno-fmt-ignore
const codesOfLength: Readonly<Record<number, number>> = {
  5: 10, 6: 26, 7: 32, 8: 6, 10: 5, 11: 3, 12: 2, 13: 6, 14: 2, 15: 3, 19: 3, 20: 8, 21: 13, 22: 26,
  23: 29, 24: 12, 25: 4, 26: 15, 27: 19, 28: 29, 30: 3,
};

const LONGEST = 30;

/**
 * The first number that is not a prefix of a code of this length or shorter: codes are consecutive numbers in order of
 * their length.
 */
const beyond = new Float64Array(LONGEST + 1);
for (let length = 1, next = 0; length <= LONGEST; length++) {
  next = next * 2 + (codesOfLength[length] ?? 0);
  beyond[length] = next;
}

/** How many octets a Huffman-coded HPACK text decodes to. Null if it is malformed. */
export function huffmanLength(text: Uint8Array): number | null {
  let count = 0;
  let code = 0;
  let length = 0;
  for (const byte of text) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      if (code < (beyond[length] ?? 0)) {
        count++;
        code = 0;
        length = 0;
      } else if (length === LONGEST) {
        return null;
      }
    }
  }
  // The last octet is padded with ones: fewer than eight, and not a code.
  return length < 8 && code === 2 ** length - 1 ? count : null;
}
