import type { Random } from "../../harness/random.ts";

const FRAGMENTS: readonly string[] = [
  "error",
  "Error",
  "ERROR",
  "needle",
  "NeEdLe",
  "reset",
  "timeout",
  "aaaa",
  "ab",
  "b",
  "x",
  "yz",
  "k",
  "\u212a",
  "\u017f",
  "s",
  "42",
  "2024-10-01",
  "T05:40:46.1Z",
  " stdout F ",
  " stderr P ",
  "stdout",
  "log",
  "stream",
  "time",
  " ",
  " ",
  " ",
  "  ",
  "\t",
  "\r",
  "\x0b",
  "\u0085",
  "\u00a0",
  "\u3000",
  "\u2028",
  "\u200b",
  "\ufeff",
  "\x1c",
  "\x00",
  "\x7f",
  "\x01",
  "\x1b[31m",
  "\x1b[0m",
  "\x1b[K",
  "\x1b[38;5;196m",
  "\u00e9",
  "\u00c9",
  "e\u0301",
  "\u00df",
  "\u65e5\u8a8c",
  "\u9519\u8bef",
  "\u{1f600}",
  "\u{10fffd}",
  "\u03a3\u03c3\u03c2",
  "\ufffd",
  '"',
  "\\",
  "/",
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  ".",
  "*",
  "<",
  ">",
  "&",
  "'",
  ":",
  "_",
  "-",
  "\\n",
  "\\u0041",
  "=",
];

const BROKEN: readonly (readonly number[])[] = [
  [0xff],
  [0xe9],
  [0xc3],
  [0x80],
  [0xbf, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xe2, 0x82],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x80],
  [0xc2],
];

const encoder = new TextEncoder();

/** A text such as programs log, as bytes that may be invalid UTF-8; contains LF only by chance in Docker. */
function randomText(random: Random, lineFeeds: boolean): Uint8Array {
  const bytes: number[] = [];
  const count = random.chance(0.05) ? 0 : random.below(random.chance(0.1) ? 40 : 9);
  const broken = random.chance(0.12);
  for (let i = 0; i < count; i++) {
    if (broken && random.chance(0.3)) bytes.push(...random.pick(BROKEN));
    else if (lineFeeds && random.chance(0.02)) bytes.push(10);
    else bytes.push(...encoder.encode(random.pick(FRAGMENTS)));
  }
  return Uint8Array.from(bytes);
}

/** A time at or after the previous one, in one of the notations of RFC 3339. */
function randomTime(random: Random, ms: number): string {
  const fraction = random.pick([
    "",
    ".5",
    ".123",
    ".123456",
    ".123456789",
    ".000000001",
    ".99999999912",
  ]);
  const zone = random.pick(["Z", "Z", "Z", "+00:00", "+02:00", "-07:00", "+05:30", "-00:00", "z"]);
  let local = ms;
  if (zone.length === 6) {
    const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
    local += (zone[0] === "+" ? minutes : -minutes) * 60_000;
  }
  return new Date(local).toISOString().slice(0, 19) + fraction + zone;
}

const BAD_TIMES: readonly string[] = [
  "2024-13-01T00:00:00Z",
  "2024-02-30T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2024-10-01",
  "2024-10-01T24:00:00Z",
  "2024-10-01T05:60:00Z",
  "2024-10-01T05:40:60Z",
  "2024-10-01T05:40:46",
  "2024-10-01T05:40:46.Z",
  "2024-10-01 05:40:46Z",
  "2024-10-01T05:40:46+0200",
  "2024-10-01T05:40:46+24:00",
  "yesterday",
  "",
  "0000-01-01T00:00:00Z",
  "2024-00-10T00:00:00Z",
  "2024-10-00T00:00:00Z",
  "2024-1O-01T00:00:00Z",
  "+024-10-01T00:00:00Z",
];
const GOOD_OLD_TIMES: readonly string[] = [
  "1969-12-31T23:59:59.5Z",
  "0001-01-01T00:00:00Z",
  "1970-01-01T00:00:00Z",
  "1900-02-28T23:59:59Z",
  "2000-02-29T00:00:00.1Z",
];

function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const arrays = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const all = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

function criLine(random: Random, time: string): Uint8Array {
  const text = randomText(random, false);
  const good = random.chance(0.88);
  if (good) {
    const tag = random.pick(["F", "F", "F", "F", "P", "F:x", "P:x:y", "F:"]);
    const stream = random.pick(["stdout", "stderr"]);
    return random.chance(0.03)
      ? joined(`${time} ${stream} ${tag}`)
      : joined(`${time} ${stream} ${tag} `, text);
  }
  return random.pick([
    () => text,
    () => joined(""),
    () => joined(`${time} stdin F `, text),
    () => joined(`${time} stdout X `, text),
    () => joined(`${time} stdout Fx `, text),
    () => joined(`${time} stdout  F `, text),
    () => joined(`${time}  stdout F `, text),
    () => joined(` ${time} stdout F `, text),
    () => joined(`${time}\tstdout\tF\t`, text),
    () => joined(`${time} stdout`),
    () => joined(`${time}`),
    () => joined(`${time} stdout F\r`),
    () => joined(`${random.pick(BAD_TIMES)} stdout F `, text),
    () => joined(`{"log":"x\\n","stream":"stdout","time":"${time}"}`),
  ])();
}

/** Writes a text as the inside of a JSON string, with some characters needlessly escaped. */
function jsonString(random: Random, text: Uint8Array): Uint8Array {
  const escapes = random.pick([0, 0, 0.05, 0.5]);
  const out: number[] = [];
  const unit = (code: number) => {
    const hex = code.toString(16).padStart(4, "0");
    out.push(...encoder.encode("\\u" + (random.chance(0.5) ? hex : hex.toUpperCase())));
  };
  let at = 0;
  while (at < text.length) {
    const byte = text[at]!;
    if (byte < 0x80) {
      const character = String.fromCharCode(byte);
      const short = {
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
        '"': '\\"',
        "\\": "\\\\",
      }[character];
      if (short !== undefined && !random.chance(escapes)) out.push(...encoder.encode(short));
      else if (byte === 0x2f && random.chance(escapes)) out.push(0x5c, 0x2f);
      else if (
        byte < 0x20 || short !== undefined || "<>&".includes(character) || random.chance(escapes)
      ) unit(byte);
      else out.push(byte);
      at++;
      continue;
    }
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const sequence = text.subarray(at, at + length);
    let character = "";
    try {
      character = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(sequence);
    } catch { /* a broken byte stays as it is */ }
    if (character !== "" && random.chance(escapes)) {
      for (let i = 0; i < character.length; i++) unit(character.charCodeAt(i));
      at += length;
    } else {
      const copied = character === "" ? 1 : length;
      out.push(...text.subarray(at, at + copied));
      at += copied;
    }
  }
  if (random.chance(0.03)) {
    out.push(
      ...encoder.encode(
        random.pick([
          "\\ud83d",
          "\\uDE00",
          "\\ud83d\\ud83d\\ude00",
          "\\ud83dx",
          "\\ud83d\\n",
          "\\ud83d\\u0041",
        ]),
      ),
    );
  }
  return Uint8Array.from(out);
}

function dockerLine(random: Random, time: string): Uint8Array {
  const log = jsonString(random, randomText(random, true));
  const end = random.chance(0.85)
    ? random.pick(["\\n", "\\n", "\\n", "\\n", "\\r\\n", "\\u000a", "\\n\\n", " \\n"])
    : "";
  const usual = () => joined('{"log":"', log, `${end}","stream":"stdout","time":"${time}"}`);
  if (random.chance(0.75)) return usual();
  return random.pick([
    () =>
      joined(
        '{"log":"',
        log,
        `${end}","stream":"stderr","attrs":{"tag":"blue","log":"decoy"},"time":"${time}"}`,
      ),
    () => joined(`{"time":"${time}","stream":"stderr","log":"`, log, `${end}"}`),
    () => joined('{ "log" : "', log, `${end}" , "stream":"stdout", "time" : "${time}" }  `),
    () => joined('{"log":"', log, `${end}","time":"${time}"}`),
    () => joined('{"log":"first\\n","log":"', log, `${end}","stream":"stdout","time":"${time}"}`),
    () =>
      joined('{"log":"', log, `${end}","stream":"stdout","time":"${time}","log":"error again\\n"}`),
    () => joined('{"log":"', log, `${end}","stream":"stdout","time":"${time}","time":"${time}"}`),
    () => joined('{"l\\u006fg":"', log, `${end}","stream":"stdout","time":"${time}"}`),
    () => joined('{"log":"', log, `${end}","stream":7,"time":"${time.replace("-", "\\u002d")}"}`),
    () => joined('{"log":"', log, `${end}","stream":"stdout","time":"${random.pick(BAD_TIMES)}"}`),
    () => joined('{"log":"', log, `${end}","stream":"stdout"}`),
    () => joined('{"log":"', log, '\\x","stream":"stdout","time":"', time, '"}'),
    () => joined('{"log":"', log, '\t","stream":"stdout","time":"', time, '"}'),
    () => joined('{"log":"', log, '\\u00g1","stream":"stdout","time":"', time, '"}'),
    () => joined('{"log":"', log, `${end}","stream":"std\\out","time":"${time}"}`),
    () => joined('{"log":"', log, `${end}","stream":"std\tout","time":"${time}"}`),
    () => joined('{"log":"', log, `${end}","stream":"stdout","time":"${time}"}x`),
    () => joined(usual(), "\r"),
    () => joined("\ufeff", usual()),
    () => joined("[", usual(), "]"),
    () => joined('{"stream":"stdout","time":"', time, '"}'),
    () => joined('{"log":17,"stream":"stdout","time":"', time, '"}'),
    () => joined("null"),
    () => joined(""),
    () => joined("error not json"),
    () => usual().subarray(0, random.below(40)),
  ])();
}

/** A log in the order of its times, with good and bad lines, possibly cut off at its end. */
export function randomLog(random: Random, format: "cri" | "docker", lines: number): Uint8Array {
  const parts: (string | Uint8Array)[] = [];
  let ms = Date.UTC(2024, 8, 30, 23, 59, 50);
  for (let i = 0; i < lines; i++) {
    if (random.chance(0.5)) ms += 1000 * random.below(random.chance(0.1) ? 100_000 : 3);
    const time = i === 0 && random.chance(0.05)
      ? random.pick(GOOD_OLD_TIMES)
      : randomTime(random, ms);
    parts.push(format === "docker" ? dockerLine(random, time) : criLine(random, time), "\n");
  }
  const log = joined(...parts);
  return random.chance(0.3)
    ? log.subarray(0, log.length - random.below(Math.min(log.length, 60) + 1))
    : log;
}
