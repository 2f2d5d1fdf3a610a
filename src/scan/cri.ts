import { afterNuls, type LineParser } from "./lines.ts";
import { TimeReader } from "./rfc3339.ts";

const SPACE = 0x20;
const COLON = 0x3a;

/**
 * Parses lines of the CRI log format (Kubernetes, "CRI: Log management for container stdout/stderr streams"): `^(time)
 * (stdout|stderr) ([FP](:[^ ]*)?)( (message))?$`. Everything else is malformed. Owned by its user.
 */
export class CriParser implements LineParser {
  seconds = 0;
  nanos = 0;
  isFinal = false;
  text: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  readonly #time = new TimeReader();

  parse(bytes: Uint8Array, from: number, to: number): boolean {
    const time = this.#time;
    const p = time.read(bytes, bytes[from] === 0 ? afterNuls(bytes, from, to) : from, to);
    // " stdout F" is the least that can follow the time.
    if (p < 0 || to - p < 9 || bytes[p] !== SPACE || bytes[p + 7] !== SPACE) return false;
    if (
      bytes[p + 1] !== 0x73 || bytes[p + 2] !== 0x74 || bytes[p + 3] !== 0x64 // std
    ) return false;
    if (bytes[p + 4] === 0x6f) { // out
      if (bytes[p + 5] !== 0x75 || bytes[p + 6] !== 0x74) return false;
    } else if (bytes[p + 4] !== 0x65 || bytes[p + 5] !== 0x72 || bytes[p + 6] !== 0x72) { // err
      return false;
    }
    const tag = bytes[p + 8];
    if (tag !== 0x46 && tag !== 0x50) return false; // F, P

    let q = p + 9;
    if (q < to && bytes[q] === COLON) {
      while (q < to && bytes[q] !== SPACE) q++;
    }
    if (q < to && bytes[q++] !== SPACE) return false;

    this.seconds = time.seconds;
    this.nanos = time.nanos;
    this.isFinal = tag === 0x46;
    this.text = bytes;
    this.start = q;
    this.end = to;
    return true;
  }
}
