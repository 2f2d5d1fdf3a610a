/**
 * The logs that the conformance cases are about. Every byte is fixed, so the tree is the same wherever it is built.
 */

/** One container's log. */
export interface ConformanceLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly format: "cri" | "docker";
  readonly content: Uint8Array;
}

/** All logs; their order gives them their times of change. */
export function conformanceLogs(): ConformanceLog[] {
  const logs: ConformanceLog[] = [];
  function add(
    place: string,
    format: "cri" | "docker",
    content: string | Uint8Array,
  ): void {
    const [namespace = "", pod = "", container = ""] = place.split("/");
    logs.push({
      namespace,
      pod,
      container,
      format,
      content: typeof content === "string" ? utf8(content) : content,
    });
  }
  add("default/web-7c5ddbdf54-4xk2p/app", "cri", web());
  add("default/partial-0/app", "cri", partial());
  add("default/i18n-0/app", "cri", i18n());
  add("default/badutf8-0/app", "cri", badUtf8());
  add("default/ansi-0/app", "cri", ansi());
  add("default/crlf-0/app", "cri", crlf());
  add("default/half-0/msg", "cri", half("2024-10-01T06:40:02.000000001Z stdout F half a mess"));
  add("default/half-0/head", "cri", half("2024-10-01T06:4"));
  add(
    "default/half-0/char",
    "cri",
    half("2024-10-01T06:40:02.000000001Z stdout F half a char caf\xc3"),
  );
  add("default/malformed-0/app", "cri", malformed());
  add("default/times-0/app", "cri", times());
  add("default/emptymsg-0/app", "cri", emptyMessages());
  add("default/empty-0/app", "cri", "");
  add("default/long-0/app", "cri", longLine(300_000));
  add("default/huge-0/app", "cri", longLine(1_200_000));
  add("default/grep-0/app", "cri", grepLines());
  add("default/seek-0/app", "cri", seek());
  add("default/cjkseek-0/app", "cri", cjkSeek());
  add("default/nested-0/app", "cri", nested());
  add("default/notag-0/app", "cri", noTagWide());
  add("default/dock-0/app", "docker", dockerBasic());
  add("default/dock-0/badbyte", "docker", dockerBadByte());
  add("default/dock-0/chunks", "docker", dockerChunks());
  add("default/dock-0/seek", "docker", dockerSeek());
  add("team-a/api.v2-0.prod/side-car-1", "cri", small(3, "dots and dashes", 1727766000));
  add("kube-system/coredns-5d78c9869d-abcde/coredns", "cri", small(4, "plugin/ready", 1727769600));
  add("secret/vault-0/vault", "cri", small(2, "unseal key part", 1727773200));
  // A pod that is named like another namespace: the target of a path traversal.
  add("secret/default/app", "cri", small(2, "a secret of the victim", 1727773200));
  return logs;
}

type Stream = "stdout" | "stderr";

function cri(time: string, message: string, tag = "F", stream: Stream = "stdout"): string {
  return `${time} ${stream} ${tag} ${message}\n`;
}

/** RFC 3339 with nine digits: base, seconds since the epoch, plus nanos nanoseconds. */
function nineDigits(base: number, nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  const whole = new Date((base + seconds) * 1000).toISOString().slice(0, -5);
  return `${whole}.${String(nanos - seconds * 1e9).padStart(9, "0")}Z`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function three(n: number): string {
  return String(n).padStart(3, "0");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Each character of text is one byte. */
function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A tiny generator of its own, so that the tree hangs on no library's random numbers. */
class Lcg {
  #x: bigint;

  constructor(seed: bigint) {
    this.#x = seed;
  }

  next(n: number): number {
    this.#x = BigInt.asUintN(64, this.#x * 6364136223846793005n + 1442695040888963407n);
    return Number((this.#x >> 33n) % BigInt(n));
  }
}

// ---------------------------------------------------------------- CRI files

function web(): string {
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

function partial(): string {
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

function i18n(): string {
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

function badUtf8(): Uint8Array {
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

function ansi(): string {
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

function crlf(): string {
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

function half(tail: string): Uint8Array {
  return bytes(
    cri("2024-10-01T06:40:00.000000001Z", "whole one") +
      cri("2024-10-01T06:40:01.000000001Z", "whole two") + tail,
  );
}

function malformed(): string {
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

function times(): string {
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

function emptyMessages(): string {
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

/** A line whose text has about size bytes, cut at a character's end. */
function longLine(size: number): string {
  const unit = utf8("abcdefghij \u00e9\u4e16 0123456789 ");
  const body = new Uint8Array(size);
  for (let i = 0; i < size; i += unit.length) body.set(unit.subarray(0, size - i), i);
  // A decoder that expects more keeps the half character at the end to itself.
  const text = new TextDecoder().decode(body, { stream: true });
  return cri("2024-10-01T07:20:00Z", "before the long line") +
    cri("2024-10-01T07:20:01Z", `${text}NEEDLE-AT-END`) +
    cri("2024-10-01T07:20:02Z", "after the long line") +
    cri("2024-10-01T07:20:03Z", "last line");
}

function grepLines(): string {
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
function seek(): string {
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

function cjkSeek(): string {
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
function nested(): string {
  const first = cri("2024-10-01T07:40:00.000000001Z", `first real line ${"-".repeat(120)}`);
  const head = cri("2024-10-01T07:40:01.000000001Z", "echo: ").slice(0, -1);
  const forged = "2030-01-01T00:00:00Z stderr F forged record";
  const last = cri("2024-10-01T07:40:02.000000001Z", "last real line");
  const at = first.length + head.length;
  const pad = 2 * at + 1 - (at + forged.length + 1 + last.length);
  return `${first}${head}${forged} ${"+".repeat(pad - 1)}\n${last}`;
}

function noTagWide(): string {
  return "2024-10-01T07:50:00Z stdout \u65e5\u672c\u8a9e\u3060\u3051\u306e\u884c\n" +
    "2024-10-01T07:50:01Z stdout F good line after it\n";
}

function small(count: number, text: string, base: number): string {
  let all = "";
  for (let i = 0; i < count; i++) all += cri(nineDigits(base, i * 1e9), `${text} ${i + 1}`);
  return all;
}

// ---------------------------------------------------------------- Docker files

/** A line as dockerd writes it: Go's encoder escapes < > &. */
function docker(time: string, log: string, stream: Stream = "stdout"): string {
  const text = JSON.stringify(log)
    .replaceAll("&", "\\u0026").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
  return `{"log":${text},"stream":"${stream}","time":"${time}"}\n`;
}

function dockerBasic(): string {
  const time = (i: number) => `2024-10-02T08:00:${two(i)}.${String(i).padStart(9, "0")}Z`;
  return [
    docker(time(0), "plain line\n"),
    docker(time(1), "stderr line\n", "stderr"),
    docker(time(2), 'tab\there quote " backslash \\ end\n'),
    `{"log":"solidus \\/ and \\u0041\\u00e9\\u4e16 escaped\\n","stream":"stdout","time":"${
      time(3)
    }"}\n`,
    `{"log":"pair \\ud83d\\ude00 grin\\n","stream":"stdout","time":"${time(4)}"}\n`,
    `{"log":"lone \\ud83d surrogate\\n","stream":"stdout","time":"${time(5)}"}\n`,
    docker(time(6), "<tag> & more\n"),
    `{"log":"\\u001b[31mred\\u001b[0m \\u001b[1mbold\\u001b[0m\\n","stream":"stdout","time":"${
      time(7)
    }"}\n`,
    docker(time(8), "raw utf-8 \u00e9\u4e16\u754c\u{1f600}\n"),
    docker(time(9), "no newline at the end"),
    `{"log":"with attrs\\n","stream":"stdout","attrs":{"tag":"blue","log":"decoy"},"time":"${
      time(10)
    }"}\n`,
    `{"time":"${time(11)}","stream":"stderr","log":"keys in another order\\n"}\n`,
    `{ "log" : "blanks in the json\\n" , "stream" : "stdout" , "time" : "${time(12)}" }\n`,
    docker(time(13), "\n"),
    docker(time(14), "   \n"),
    docker(time(15), "crlf line\r\n"),
    '{"log":"cut off in the mid\n',
    "not json at all\n",
    "\n",
    "[1,2,3]\n",
    `{"stream":"stdout","time":"${time(16)}"}\n`,
    '{"log":"no time\\n","stream":"stdout"}\n',
    `{"log":17,"stream":"stdout","time":"${time(17)}"}\n`,
    '{"log":"bad time\\n","stream":"stdout","time":"yesterday"}\n',
    '{"log":"offset time\\n","stream":"stdout","time":"2024-10-02T10:00:18.5+02:00"}\n',
    docker(time(20), "last, with no line end in the file\n").slice(0, -1),
  ].join("");
}

function dockerBadByte(): Uint8Array {
  return bytes(
    docker("2024-10-02T08:05:00.1Z", "before\n") +
      '{"log":"bad byte \xff here\\n","stream":"stdout","time":"2024-10-02T08:05:01.1Z"}\n' +
      docker("2024-10-02T08:05:02.1Z", "after\n"),
  );
}

/** dockerd splits long lines into 16 KiB pieces: only the last one ends with a newline. */
function dockerChunks(): string {
  return docker("2024-10-02T08:10:00.1Z", "short\n") +
    docker("2024-10-02T08:10:01.1Z", "0123456789abcdef".repeat(1024)) +
    docker("2024-10-02T08:10:01.2Z", "ghijklmnopqrstuv".repeat(1024)) +
    docker("2024-10-02T08:10:01.3Z", "the rest\n") +
    docker("2024-10-02T08:10:02.1Z", "short again\n", "stderr") +
    docker("2024-10-02T08:10:03.1Z", "half-written and never ended").slice(0, 50);
}

function dockerSeek(): string {
  const random = new Lcg(99n);
  let text = "";
  let time = 0;
  for (let i = 0; i < 400; i++) {
    if (random.next(3) > 0) time += 1 + random.next(500) * 1e6;
    text += docker(
      nineDigits(1727856000, time),
      `entry ${three(i)} ${"y".repeat(random.next(40))}\n`,
    );
  }
  return text;
}
