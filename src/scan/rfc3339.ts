/** Earliest and latest whole second of a google.protobuf.Timestamp: years 0001 to 9999. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads RFC 3339 times (RFC 3339, section 5.6) from bytes: a date and a time to the second, an optional fraction
 * (digits after the ninth are dropped), then `Z` or an offset. The calendar is checked; a leap second (`:60`) is not
 * accepted, as in Go, in which the runtimes that write these times are written.
 *
 * Consecutive lines of a log share date and minute, so the last ones are cached. Owned by one parser.
 */
export class TimeReader {
  /** Whole seconds since the epoch of the most recently read time; may be negative. */
  seconds = 0;
  /** 0..999,999,999 */
  nanos = 0;

  /** The most recently read `YYYY-MM-DDTHH:MM` and its second since the epoch; a zero byte matches none. */
  readonly #minute = new Uint8Array(16);
  #minuteSeconds = 0;

  /** Returns the offset after the time that begins at `at`, or -1 if there is none. */
  read(bytes: Uint8Array, at: number, to: number): number {
    if (to - at < 20) return -1; // 2024-10-01T05:40:46Z
    const minute = this.#minute;
    for (let i = 15; i >= 0; i--) {
      if (bytes[at + i] !== minute[i]) {
        if (!this.#readMinute(bytes, at)) return -1;
        break;
      }
    }
    if (bytes[at + 16] !== 0x3a) return -1;
    const tens = bytes[at + 17]! - 0x30;
    const ones = bytes[at + 18]! - 0x30;
    if (tens < 0 || tens > 5 || ones < 0 || ones > 9) return -1;
    let seconds = this.#minuteSeconds + tens * 10 + ones;

    let p = at + 19;
    let nanos = 0;
    if (bytes[p] === 0x2e) {
      p++;
      const first = p;
      let digit = 0;
      while (p < to && (digit = bytes[p]! - 0x30) >= 0 && digit <= 9) {
        if (p - first < 9) nanos = nanos * 10 + digit;
        p++;
      }
      if (p === first || p === to) return -1;
      for (let i = p - first; i < 9; i++) nanos *= 10;
    }

    const zone = bytes[p];
    if (zone === 0x5a || zone === 0x7a) {
      p++;
    } else if (zone === 0x2b || zone === 0x2d) {
      if (to - p < 6 || bytes[p + 3] !== 0x3a) return -1;
      const hours = twoDigits(bytes, p + 1);
      const minutes = twoDigits(bytes, p + 4);
      if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1;
      const offset = hours * 3600 + minutes * 60;
      seconds += zone === 0x2b ? -offset : offset;
      p += 6;
    } else {
      return -1;
    }
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return -1;
    this.seconds = seconds;
    this.nanos = nanos;
    return p;
  }

  #readMinute(bytes: Uint8Array, at: number): boolean {
    const century = twoDigits(bytes, at);
    const yearOfCentury = twoDigits(bytes, at + 2);
    const month = twoDigits(bytes, at + 5);
    const day = twoDigits(bytes, at + 8);
    const hour = twoDigits(bytes, at + 11);
    const minute = twoDigits(bytes, at + 14);
    const t = bytes[at + 10];
    if (
      century < 0 || yearOfCentury < 0 || bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d ||
      (t !== 0x54 && t !== 0x74) || bytes[at + 13] !== 0x3a || month < 1 || month > 12 ||
      day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59
    ) return false;
    const year = century * 100 + yearOfCentury;
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    if (day > (month === 2 && leap ? 29 : DAYS_IN_MONTH[month - 1]!)) return false;
    this.#minuteSeconds = daysSinceEpoch(year, month, day, leap) * 86_400 + hour * 3600 +
      minute * 60;
    for (let i = 0; i < 16; i++) this.#minute[i] = bytes[at + i]!;
    return true;
  }
}

function daysSinceEpoch(year: number, month: number, day: number, leap: boolean): number {
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const dayOfYear = DAYS_BEFORE_MONTH[month - 1]! + (leap && month > 2 ? 1 : 0) + day - 1;
  return past * 365 + leapDays + dayOfYear - 719_162; // days from 0001-01-01 to 1970-01-01
}

/** The value of two ASCII digits; negative if they are not digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}
