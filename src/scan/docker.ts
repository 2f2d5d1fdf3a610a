import { afterBlanks, afterString, ESCAPED, hexUnit, PLAIN, writeUtf8 } from "./json_bytes.ts";
import { afterValue } from "./json_value.ts";
import { afterNuls, type LineParser } from "./lines.ts";
import { TimeReader } from "./rfc3339.ts";

/** A local constant: accessing an imported binding costs a lookup for each byte. */
const PLAIN_BYTES = PLAIN;
const ESCAPED_BYTES = ESCAPED;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const LF = 0x0a;

/** Within a record, attributes may contain text that looks like the beginning of a record. */
const MAX_GLUED_ATTEMPTS = 4;

/** JSON.parse takes several times the size of its text; a longer line that needs it is malformed. */
const MAX_PARSED_BYTES = 2 ** 20;

/** The buffer of a longer text is not kept. */
const MAX_KEPT_BYTES = 2 ** 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const BEFORE_LOG = encoder.encode('{"log":"');
const BEFORE_STREAM = encoder.encode(',"stream":"');
const BEFORE_TIME = encoder.encode('","time":"');

interface Key {
  /** The key, after its opening quote. */
  readonly quoted: Uint8Array;
  readonly bit: number;
}

const LOG: Key = { quoted: encoder.encode('log"'), bit: 1 };
const STREAM: Key = { quoted: encoder.encode('stream"'), bit: 2 };
const TIME: Key = { quoted: encoder.encode('time"'), bit: 4 };
const KEYS = [LOG, STREAM, TIME];

/**
 * Parses lines of Docker's json-file log driver (moby, daemon/logger/jsonfilelog): one JSON object per line,
 * `{"log":"text\n","stream":"stdout","time":"RFC3339Nano"}`, with `attrs` and other keys allowed. Malformed: not a JSON
 * object, `log` is not a string, `time` is missing or not RFC 3339. Owned by its user.
 */
export class DockerParser implements LineParser {
  seconds = 0;
  nanos = 0;
  isFinal = false;
  text: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  readonly #time = new TimeReader();
  /** Texts with escapes resolved. */
  #unescaped = new Uint8Array(1024);
  #large = new Uint8Array(0);

  parse(bytes: Uint8Array, from: number, to: number): boolean {
    this.#releaseLarge();
    const start = bytes[from] === 0 ? afterNuls(bytes, from, to) : from;
    return this.#parseUsualForm(bytes, start, to) || this.#parseOtherForms(bytes, start, to);
  }

  /** A separate method, so that the parser of the usual form is small enough to be inlined. */
  #parseOtherForms(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#parseMembers(bytes, from, to) || this.#parseAnyForm(bytes, from, to) ||
      this.#parseGlued(bytes, from, to);
  }

  /**
   * A writer that was stopped in the middle of a record leaves no newline, so the next record follows on the same line.
   * That record is complete. Its beginning cannot lie within a text, because quotes in a text are escaped.
   */
  #parseGlued(bytes: Uint8Array, from: number, to: number): boolean {
    let before = to;
    for (let attempt = 0; attempt < MAX_GLUED_ATTEMPTS; attempt++) {
      const at = lastIndexOfRecord(bytes, from + 1, before);
      if (at < 0) return false;
      if (
        this.#parseUsualForm(bytes, at, to) || this.#parseMembers(bytes, at, to) ||
        this.#parseAnyForm(bytes, at, to)
      ) return true;
      before = at;
    }
    return false;
  }

  /** The form that Docker writes without attributes. False: undecided. */
  #parseUsualForm(bytes: Uint8Array, from: number, to: number): boolean {
    if (!standsAt(bytes, from, BEFORE_LOG)) return false;
    let p = this.#readLog(bytes, from + BEFORE_LOG.length, to);
    if (p < 0 || !standsAt(bytes, p, BEFORE_STREAM)) return false;
    p += BEFORE_STREAM.length;
    while (p < to && PLAIN_BYTES[bytes[p]!] === 1) p++;
    if (!standsAt(bytes, p, BEFORE_TIME)) return false;
    p = this.#time.read(bytes, p + BEFORE_TIME.length, to);
    if (p !== to - 2 || bytes[p] !== QUOTE || bytes[p + 1] !== 0x7d) return false;
    this.seconds = this.#time.seconds;
    this.nanos = this.#time.nanos;
    return true;
  }

  /**
   * Forms that other writers use: whitespace between tokens, members in another order, and other members of any type.
   * False: undecided.
   */
  #parseMembers(bytes: Uint8Array, from: number, to: number): boolean {
    if (bytes[from] !== OPENING_BRACE) return false;
    let seen = 0;
    let p = from;
    do {
      p = afterBlanks(bytes, p + 1, to);
      if (bytes[p] !== QUOTE) return false;
      const key = keyAt(bytes, p + 1);
      // Of members with the same key, the last one counts.
      if (key !== null && (seen & key.bit) !== 0) return false;
      seen |= key?.bit ?? 0;
      // A key with escapes may be one of those that count.
      p = key === null ? afterString(bytes, p + 1, to) : p + 1 + key.quoted.length;
      if (p < 0) return false;
      p = afterBlanks(bytes, p, to);
      if (bytes[p] !== COLON) return false;
      p = afterBlanks(bytes, p + 1, to);
      if (key === null || key === STREAM) p = afterValue(bytes, p, to);
      else if (bytes[p] !== QUOTE) return false;
      else if (key === LOG) p = this.#readLog(bytes, p + 1, to);
      else {
        p = this.#time.read(bytes, p + 1, to);
        if (p < 0 || bytes[p++] !== QUOTE) return false;
      }
      if (p < 0) return false;
      p = afterBlanks(bytes, p, to);
    } while (p < to && bytes[p] === COMMA);
    const isWhole = p < to && bytes[p] === CLOSING_BRACE && afterBlanks(bytes, p + 1, to) === to;
    if (!isWhole || (seen & LOG.bit) === 0 || (seen & TIME.bit) === 0) return false;
    this.seconds = this.#time.seconds;
    this.nanos = this.#time.nanos;
    return true;
  }

  /** Reads the rest of a JSON string. Returns the offset after its quote, or -1 if it is not a string. */
  #readLog(bytes: Uint8Array, from: number, to: number): number {
    let p = from;
    while (p < to && PLAIN_BYTES[bytes[p]!] === 1) p++;
    if (p + 2 < to && bytes[p] === BACKSLASH && bytes[p + 1] === 0x6e && bytes[p + 2] === QUOTE) {
      this.text = bytes;
      this.start = from;
      this.end = p;
      this.isFinal = true;
      return p + 3;
    }
    const unescaped = this.#room(to - from); // escapes are longer than the characters that they represent
    unescaped.set(bytes.subarray(from, p));
    let length = p - from;
    for (;;) {
      let byte = 0;
      while (p < to && PLAIN_BYTES[byte = bytes[p]!] === 1) {
        unescaped[length++] = byte;
        p++;
      }
      if (p >= to) return -1;
      if (byte === QUOTE) break;
      if (byte !== BACKSLASH) return -1;
      if (bytes[p + 1] === 0x75) {
        const unit = hexUnit(bytes, p + 2, to);
        if (unit < 0) return -1;
        p += 6;
        let codePoint = unit;
        if (unit >= 0xd800 && unit <= 0xdfff) {
          const isEscape = bytes[p] === BACKSLASH && bytes[p + 1] === 0x75;
          const next = unit <= 0xdbff && isEscape ? hexUnit(bytes, p + 2, to) : -1;
          codePoint = 0xfffd;
          if (next >= 0xdc00 && next <= 0xdfff) {
            codePoint = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
            p += 6;
          }
        }
        length = writeUtf8(unescaped, length, codePoint);
      } else {
        const character = ESCAPED_BYTES[bytes[p + 1] ?? 0]!;
        if (character === 0) return -1;
        unescaped[length++] = character;
        p += 2;
      }
    }
    this.text = unescaped;
    this.start = 0;
    this.end = length;
    this.#dropNewline();
    return p + 1;
  }

  #room(length: number): Uint8Array {
    if (length > MAX_KEPT_BYTES) {
      this.#releaseLarge();
      return this.#large = new Uint8Array(length);
    }
    if (this.#unescaped.length < length) this.#unescaped = new Uint8Array(length * 2);
    return this.#unescaped;
  }

  /**
   * The text of the previous line is no longer needed: its memory is freed at once, without waiting for garbage
   * collection.
   */
  #releaseLarge(): void {
    if (this.#large.length === 0) return;
    this.#large.buffer.transfer(0);
    this.#large = new Uint8Array(0);
  }

  /** Lines that the other methods cannot decide: with duplicate or escaped keys, or an escaped time. */
  #parseAnyForm(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > MAX_PARSED_BYTES || !isObject(bytes, from, to)) return false;
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(bytes.subarray(from, to)));
    } catch {
      return false;
    }
    if (typeof value !== "object" || value === null) return false;
    const { log, time } = value as { log?: unknown; time?: unknown };
    if (typeof log !== "string" || typeof time !== "string") return false;
    const when = encoder.encode(time);
    if (this.#time.read(when, 0, when.length) !== when.length) return false;

    this.seconds = this.#time.seconds;
    this.nanos = this.#time.nanos;
    this.text = encoder.encode(log); // a lone surrogate becomes U+FFFD
    this.start = 0;
    this.end = this.text.length;
    this.#dropNewline();
    return true;
  }

  /** Docker keeps the newline in the text; if there is none, the text continues in the next line. */
  #dropNewline(): void {
    this.isFinal = this.end > this.start && this.text[this.end - 1] === LF;
    if (this.isFinal) this.end--;
  }
}

/**
 * Whether it is one JSON object. An exception of JSON.parse takes microseconds: a block of short malformed lines would
 * block the event loop for half a second.
 */
function isObject(bytes: Uint8Array, from: number, to: number): boolean {
  const begin = afterBlanks(bytes, from, to);
  if (begin >= to || bytes[begin] !== OPENING_BRACE) return false;
  const end = afterValue(bytes, begin, to, MAX_PARSED_BYTES);
  return end >= 0 && afterBlanks(bytes, end, to) === to;
}

function keyAt(bytes: Uint8Array, at: number): Key | null {
  for (const key of KEYS) if (standsAt(bytes, at, key.quoted)) return key;
  return null;
}

function standsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** The last place in bytes[from, before) where a record seems to begin; -1: none. */
function lastIndexOfRecord(bytes: Uint8Array, from: number, before: number): number {
  for (let at = before - 1; at >= from; at--) {
    at = bytes.lastIndexOf(BEFORE_LOG[0]!, at);
    if (at < from) return -1;
    if (standsAt(bytes, at, BEFORE_LOG)) return at;
  }
  return -1;
}
