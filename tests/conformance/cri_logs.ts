import { bytes, Lcg, nineDigits, type Stream, three, two, utf8 } from "./log_parts.ts";

/** A line in the format of a CRI runtime. */
function cri(time: string, message: string, tag = "F", stream: Stream = "stdout"): string {
  return `${time} ${stream} ${tag} ${message}\n`;
}

export function web(): string {
  const lines: [string, Stream, string][] = [
    ["40:46.960135302Z", "stdout", "GET /healthz 200 1ms"],
    ["40:48.840712595Z", "stdout", "GET /api/users?id=42 200 17ms"],
    ["40:50.075182095Z", "stderr", "WARN slow query took 1204ms"],
    ["40:52.222363431Z", "stdout", "POST /api/orders 201 33ms"],
    ["40:54.911909292Z", "stderr", "ERROR db: connection refused (attempt 1)"],
    ["40:54.911909292Z", "stderr", "ERROR db: connection refused (attempt 2)"],
    ["40:57.041413876Z", "stdout", "get lower-case verb"],
    ["40:58.197779961Z", "stdout", '{"level":"info","msg":"user id ok","n":7}'],
    ["40:58.564018502Z", "stdout", "  two leading blanks are kept"],
    ["40:58.612948127Z", "stdout", "stdout F is only text here"],
    ["40:59.103901461Z", "stdout", "GET /bye 204 2ms"],
  ];
  return lines.map(([time, stream, message]) => cri(`2024-10-01T05:${time}`, message, "F", stream))
    .join("");
}

export function partial(): string {
  return [
    cri("2024-10-01T06:00:00.000000001Z", "first whole line"),
    cri("2024-10-01T06:00:01.000000001Z", "chunk one of a long line, ", "P"),
    cri("2024-10-01T06:00:01.000000002Z", "chunk two, ", "P"),
    cri("2024-10-01T06:00:01.000000003Z", "chunk three: end"),
    cri("2024-10-01T06:00:02Z", "a whole stderr line", "F", "stderr"),
    cri("2024-10-01T06:00:03Z", "out part 1", "P"),
    cri("2024-10-01T06:00:03Z", "err between the parts", "F", "stderr"),
    cri("2024-10-01T06:00:03Z", "out part 2"),
    cri("2024-10-01T06:00:04Z", "F"),
    cri("2024-10-01T06:00:05Z", "P", "P"),
    cri("2024-10-01T06:00:06Z", "P F P"),
    cri("2024-10-01T06:00:07Z", "tagged whole line", "F:x"),
    cri("2024-10-01T06:00:08Z", "never finished 1", "P"),
    cri("2024-10-01T06:00:09Z", "never finished 2", "P"),
  ].join("");
}

export function i18n(): string {
  return [
    "Gr\u00fc\u00dfe aus K\u00f6ln: \u00c4\u00d6\u00dc \u00e4\u00f6\u00fc \u00df",
    "\u00c4RGER mit Umlauten",
    "\u65e5\u672c\u8a9e\u306e\u30ed\u30b0\u30e1\u30c3\u30bb\u30fc\u30b8",
    "\u4e2d\u6587 \u65e5\u5fd7 \u8fde\u63a5\u5931\u8d25",
    "\ud55c\uad6d\uc5b4 \ub85c\uadf8",
    "emoji \u{1f600} family \u{1f469}\u200d\u{1f469}\u200d\u{1f467} flag \u{1f1e9}\u{1f1ea}",
    "combining: cafe\u0301 and precomposed: caf\u00e9",
    "only combining: re\u0301sume\u0301",
    "\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3",
    "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 with final sigma",
    "\u041e\u0428\u0418\u0411\u041a\u0410 \u0441\u0435\u0442\u0438",
    "\u0645\u0631\u062d\u0628\u0627 \u0663\u0664\u0665",
    "300 \u212a is cold",
    "300 k is plain",
    "wide\u3000space",
    "astral \u{1d518}\u{1d52b}\u{1d526} \u{10fffd}",
    "plain ascii",
  ].map((message, i) => cri(nineDigits(1727762400, i * 1e9 + i), message)).join("");
}

export function badUtf8(): Uint8Array {
  return bytes(
    [
      "good before",
      "latin-1 caf\xe9 au lait",
      "cut emoji \xf0\x9f\x98 end",
      "overlong \xc0\xaf end",
      "surrogate \xed\xa0\x80 end",
      "continuations \x80\xbf end",
      "\xff\xfe at the start",
      "at the very end \xc3",
      "good after",
    ].map((message, i) => cri(`2024-10-01T06:10:${two(i)}.5Z`, message)).join(""),
  );
}

export function ansi(): string {
  return [
    "\x1b[31mERROR\x1b[0m \x1b[1mconnection refused\x1b[0m",
    "error\x1b[0m \x1b[31mcode 7",
    "error code plain",
    "error\tcode tab",
    "error   code three blanks",
    "error\x1b[K \x1b[0;1;31mcode K",
    "error \x1b[2Jcode clear screen",
    "er\x1b[0mror code split word",
    "ERROR CODE upper",
    "(error code) in parens",
    "error.code dot",
    "\x1b]0;title\x07 window title",
    "256 colours \x1b[38;5;196mred\x1b[0m text",
    "\x1b[32m2024-10-01 INFO\x1b[0m ready",
    "ends with reset\x1b[0m",
    "ends with blank and reset \x1b[0m",
    "nul \x00 and bell \x07 and del \x7f",
  ].map((message, i) => cri(`2024-10-01T06:20:${two(i)}.000001Z`, message)).join("");
}

export function crlf(): string {
  return [
    "crlf line\r",
    "three blanks   ",
    "tab end\t",
    "mixed end \t \r",
    "inner\rcarriage return",
    "\r",
    " \t leading blank and tab",
    "no-break space end\u00a0",
    "ideographic space end\u3000",
    "next line end\u0085",
    "line separator end\u2028",
    "vertical tab end\x0b",
    "zero width space end\u200b",
    "byte order mark end\ufeff",
    "file separator end\x1c",
    "last crlf line\r",
  ].map((message, i) => cri(`2024-10-01T06:30:${two(i)}.123456789Z`, message)).join("");
}

export function half(tail: string): Uint8Array {
  return bytes(
    cri("2024-10-01T06:40:00.000000001Z", "whole one") +
      cri("2024-10-01T06:40:01.000000001Z", "whole two") + tail,
  );
}

export function malformed(): string {
  return [
    "2024-10-01T06:50:00Z stdout F good first\n",
    "\n",
    "   \n",
    "no timestamp on this line at all\n",
    "2024-10-01\n",
    "2024-10-01T06:50:01Z\n",
    "2024-10-01T06:50:01Z stdout\n",
    "2024-10-01T06:50:01Z stdout F\n",
    "2024-13-45T99:99:99Z stdout F month thirteen\n",
    "2024-02-30T00:00:00Z stdout F thirtieth of february\n",
    "not-a-time-but-long-enough stdout F bad time\n",
    "2024-10-01 stdout F date only\n",
    "2024-10-01T06:50:02Z stdout no-tag-and-no-more-blanks\n",
    "2024-10-01T06:50:03Z stdin F unknown stream\n",
    "2024-10-01T06:50:04Z stdout F:x two tags whole\n",
    "2024-10-01T06:50:05Z stderr P:x two tags part\n",
    "2024-10-01T06:50:06Z stdout F:x:y three tags whole\n",
    "2024-10-01T06:50:07Z\tstdout\tF\ttabs instead of blanks\n",
    '{"log":"docker line in a CRI file\\n","stream":"stdout","time":"2024-10-01T06:50:08Z"}\n',
    "2024-10-01T06:50:09Z stdout F good last\n",
  ].join("");
}

export function times(): string {
  const lines: [string, string][] = [
    ["2024-10-01T07:00:00+02:00", "05:00:00 as plus two"],
    ["2024-10-01T05:00:01Z", "no fraction"],
    ["2024-10-01T05:00:01.5Z", "one digit"],
    ["2024-10-01T05:00:02.123Z", "three digits"],
    ["2024-10-01T05:00:02.123456Z", "six digits"],
    ["2024-10-01T05:00:02.123456789Z", "nine digits"],
    ["2024-09-30T22:00:03-07:00", "05:00:03 as minus seven"],
    ["2024-10-01T10:30:04.25+05:30", "05:00:04.25 as plus five thirty"],
    ["2024-10-01T05:00:05.000000000Z", "nine zeros"],
    ["2024-10-01T05:00:05.100000000Z", "tenth with nine digits"],
    ["2024-10-01T05:00:06.000000001+00:00", "plus zero"],
  ];
  return lines.map(([time, message]) => cri(time, message)).join("");
}

export function emptyMessages(): string {
  return [
    "2024-10-01T07:10:00.000000001Z stdout F before\n",
    "2024-10-01T07:10:01.000000001Z stdout F \n",
    "2024-10-01T07:10:02.000000001Z stderr F \n",
    "2024-10-01T07:10:03.000000001Z stdout P \n",
    "2024-10-01T07:10:04.000000001Z stdout F    \n",
    "2024-10-01T07:10:05.000000001Z stdout F\n",
    "2024-10-01T07:10:06.000000001Z stdout F between\n",
    "2024-10-01T07:10:07.000000001Z stdout F \n",
    "2024-10-01T07:10:08.000000001Z stdout F after\n",
    "2024-10-01T07:10:09.000000001Z stdout F \n",
  ].join("");
}

/** A line with a text of about size bytes, cut at the end of a character. */
export function longLine(size: number): string {
  const unit = utf8("abcdefghij \u00e9\u4e16 0123456789 ");
  const body = new Uint8Array(size);
  for (let i = 0; i < size; i += unit.length) body.set(unit.subarray(0, size - i), i);
  // A decoder that expects more input keeps the partial character at the end.
  const text = new TextDecoder().decode(body, { stream: true });
  return cri("2024-10-01T07:20:00Z", "before the long line") +
    cri("2024-10-01T07:20:01Z", `${text}NEEDLE-AT-END`) +
    cri("2024-10-01T07:20:02Z", "after the long line") +
    cri("2024-10-01T07:20:03Z", "last line");
}

export function grepLines(): string {
  return [
    "user id 5",
    "user_id 6",
    "userid 7",
    "usermid 8",
    "user  id two blanks",
    "price 19.99 EUR",
    "price 1999 EUR",
    "aa",
    "aaa",
    "aaaa",
    `${"a".repeat(40)}b`,
    "foo.bar(baz)",
    "fooXbar[baz]",
    "path C:\\temp\\x",
    "key=value; other=thing",
    "ip 10.0.0.1:8080",
    "2024-10-01T07:30:00Z inside the text",
    "cat concat cats",
    "tail word end",
    "end of it",
    "tail\tblank ",
    "xyz",
    "UPPER lower MiXeD",
    '"quoted" {curly} <angle>',
  ].map((message, i) =>
    cri(`2024-10-01T07:30:${two(i)}.000000001Z`, message, "F", i % 5 === 4 ? "stderr" : "stdout")
  ).join("");
}

/** 5,000 records in runs of equal timestamps, one run of 700. */
export function seek(): string {
  const random = new Lcg(20241001n);
  const levels = ["INFO", "INFO", "INFO", "WARN", "ERROR"];
  let text = "";
  let time = 0;
  let left = 0;
  for (let i = 0; i < 5000; i++) {
    if (i === 2000) {
      time += 1e9;
      left = 700;
    } else if (left === 0) {
      time += 1 + random.next(900) * 1e6 + random.next(1e6);
      left = 1 + random.next(12);
    }
    left--;
    const level = levels[random.next(5)];
    const message = `${level} line ${String(i).padStart(4, "0")} ${"x".repeat(random.next(60))}`;
    text += cri(
      nineDigits(1727740800, time),
      message,
      "F",
      level === "ERROR" ? "stderr" : "stdout",
    );
  }
  return text;
}

export function cjkSeek(): string {
  const words = [
    "\u8fde\u63a5",
    "\u9519\u8bef",
    "\u65e5\u5fd7",
    "\u670d\u52a1\u5668",
    "\u8d85\u65f6",
  ];
  const random = new Lcg(7n);
  let text = "";
  for (let i = 0; i < 300; i++) {
    let message = "";
    for (let word = 0; word < 12; word++) message += words[random.next(5)];
    text += cri(nineDigits(1727744400, i * 250_000_000), three(i) + message);
  }
  return text;
}

/** The middle byte of the file is the start of a CRI-like line within a message. */
export function nested(): string {
  const first = cri("2024-10-01T07:40:00.000000001Z", `first real line ${"-".repeat(120)}`);
  const head = cri("2024-10-01T07:40:01.000000001Z", "echo: ").slice(0, -1);
  const forged = "2030-01-01T00:00:00Z stderr F forged record";
  const last = cri("2024-10-01T07:40:02.000000001Z", "last real line");
  const at = first.length + head.length;
  const pad = 2 * at + 1 - (at + forged.length + 1 + last.length);
  return `${first}${head}${forged} ${"+".repeat(pad - 1)}\n${last}`;
}

export function noTagWide(): string {
  return "2024-10-01T07:50:00Z stdout \u65e5\u672c\u8a9e\u3060\u3051\u306e\u884c\n" +
    "2024-10-01T07:50:01Z stdout F good line after it\n";
}

export function small(count: number, text: string, base: number): string {
  let all = "";
  for (let i = 0; i < count; i++) all += cri(nineDigits(base, i * 1e9), `${text} ${i + 1}`);
  return all;
}
