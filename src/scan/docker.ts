import type { LineParser } from "./lines.ts";
import { TimeReader } from "./rfc3339.ts";

const LF = 0x0a;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Parses lines of Docker's json-file log driver (moby, daemon/logger/jsonfilelog): one JSON object
 * a line, `{"log":"text\n","stream":"stdout","time":"RFC3339Nano"}`, with `attrs` and other keys
 * allowed. Malformed: no JSON object, `log` not a string, `time` missing or not RFC 3339.
 */
export class DockerParser implements LineParser {
  seconds = 0;
  nanos = 0;
  isFinal = false;
  text: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  readonly #time = new TimeReader();

  parse(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#parseAnyForm(bytes, from, to);
  }

  #parseAnyForm(bytes: Uint8Array, from: number, to: number): boolean {
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

  /** Docker keeps the newline in the text; where there is none, the text goes on in the next line. */
  #dropNewline(): void {
    this.isFinal = this.end > this.start && this.text[this.end - 1] === LF;
    if (this.isFinal) this.end--;
  }
}
