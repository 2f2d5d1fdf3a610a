import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { createScanner } from "../../../src/scan/scan.ts";

const REFUSED: readonly (readonly [pattern: string, message: RegExp])[] = [
  ["(a", /^Invalid grep pattern: regex parse error:[^]*unclosed group/],
  ["a)|(b", /unopened group/],
  ["*a", /repetition operator missing expression/],
  ['{"level"', /repetition operator missing expression/],
  ["(?=a)", /look-around, including look-ahead and look-behind, is not supported/],
  ["(a)\\1", /backreferences are not supported/],
  ["\\w{500}{500}", /^Invalid grep pattern: Compiled regex exceeds size limit of 10485760 bytes/],
  ["\\n", /^Invalid grep pattern: the literal "\\n" is not allowed in a regex$/],
  ["a\nb", /the literal "\\n" is not allowed/],
  ["foo|(?:bar\\x0A)+", /the literal "\\n" is not allowed/],
  ["a\\ ", /incomplete escape sequence/], // trimmed first, as in the existing agents
];

for (const [grep, message] of REFUSED) {
  Deno.test(`pattern ${JSON.stringify(grep)} is refused with the parser's own words`, async () => {
    await assert.rejects(scanner(grep), (error: unknown) => {
      assert(error instanceof Failure);
      assert.equal(error.kind, "invalid-argument");
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("a class that a line feed is one of is no mistake", async () => {
  assert.deepEqual(await found("a(x|\\n){2}y", ["axxy", "axy"]), ["axxy"]);
  assert.deepEqual(await found("[\\s]b", ["a b", "ab"]), ["a b"]);
});

Deno.test("white space around a pattern is trimmed, U+0085 too but no byte order mark", async () => {
  assert.deepEqual(await found("\u0085 \u3000b\t\n", ["abc", "\ufeffb", "x"]), ["abc", "\ufeffb"]);
  assert.deepEqual(await found("\ufeffb", ["abc", "\ufeffb"]), ["\ufeffb"]);
  assert.deepEqual(await found(" \t ", ["abc", ""]), ["abc", ""]);
});

Deno.test("a pattern that may match nothing finds empty messages", async () => {
  for (const grep of ["x*", "^$", "", "(?:)", "$", "a{0}"]) {
    assert.deepEqual(await found(grep, [""]), [""], grep);
  }
});

Deno.test("a look that a group hides is not dropped with the group: (?:a|\\b)foo", async () => {
  assert.deepEqual(await found("(?:a|\\b)foo", ["afoo", "xfoo", " foo"]), ["afoo", " foo"]);
  assert.deepEqual(await found("foo(?:\\b)?", ["foox"]), ["foox"]);
  assert.deepEqual(await found("(?:x|\\A)(?:y\\b)*foo", ["a foo", "foo", "xfoo"]), ["foo", "xfoo"]);
});

Deno.test("broken bytes match what matches U+FFFD", async () => {
  const broken = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const lines = [broken("caf\xe9 x"), broken("cut \xf0\x9f\x98 x"), broken("plain")];
  for (
    const grep of [
      "\\x{fffd} x",
      "[^a-z ] x",
      "[\\x80-\\x{10ffff}] x",
      "\\x{fffd}",
      "[^\\x00-\\x7f]",
    ]
  ) {
    assert.equal((await found(grep, lines)).length, 2, grep);
  }
  assert.equal((await found("\u00e9", lines)).length, 0);
});

Deno.test("the header is not searched, and hides nothing behind it", async () => {
  assert.deepEqual(await found("2024-10|stdout|F ", ["a", "b stdout c", "2024-10-01"]), [
    "b stdout c",
    "2024-10-01",
  ]);
  assert.deepEqual(await found("\\d\\d:\\d\\d", ["none", "at 12:34"]), ["at 12:34"]);
  assert.deepEqual(await found("^F", ["F", "xF"]), ["F"]);
});

Deno.test("an engine's candidates are found wherever they lie in a block", async () => {
  for (let pad = 0; pad < 70; pad++) {
    const text = "-".repeat(pad) + "needle";
    assert.deepEqual(await found("needle", ["x", text, "y"]), [text]);
    assert.deepEqual(await found("(?i)NEEDLE$", [text + ".", text]), [text]);
  }
});

Deno.test("a short needle at the very end of the bytes is found", async () => {
  for (const grep of ["z", "yz", "xyz", "\u00e9|z"]) {
    assert.deepEqual(await found(grep, ["a", "wxyz"], { newline: false }), ["wxyz"], grep);
  }
});

for (
  const [grep, log, hit] of [
    ["A", "\\u0041", true],
    ["\u00e9\u4e16", "\\u00e9\\u4E16", true],
    ["\u{1f600}", "\\ud83d\\ude00", true],
    ["\u{1f600}", "\\uD83D\\uDE00", true],
    ["\\x{fffd}", "lone \\ud83d end", true],
    ["\\x{fffd}", "lone \\ude00", true],
    ["a/b", "a\\/b", true],
    ["<tag>", "\\u003ctag\\u003E", true],
    ["<tag>", "<tag>", true],
    ['say "', 'say \\"hi\\"', true],
    ["C:\\\\t", "C:\\\\temp", true],
    ["C:\\t", "C:\\\\temp", false],
    ["\\x1b\\[31m", "\\u001b[31mred", true],
    ["needle", "n\\u0065edl\\u0065", true],
    ["(?i)needle", "N\\u0045edle", true],
    ["u0041", "\\u0041", false],
    ["a\\sb", "a\\nb", true],
    ["a.b", "a\\nb", false],
    ["b$", "b\\n", true],
    ["b$", "b\\u000a", true],
    ["b$", "b\\n\\n", false],
  ] as const
) {
  Deno.test(`Docker: ${grep} ${hit ? "is" : "is not"} in the JSON text ${log}`, async () => {
    const line = `{"log":"${log}","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`;
    const bytes = new TextEncoder().encode(line + line);
    const search = await createScanner({
      format: "docker",
      direction: "forward",
      grep,
      maxRecordBytes: 1e6,
    });
    assert.equal(search.scan(bytes, 0, bytes.length, { budget: 1e9 }).records, hit ? 2 : 0);
  });
}

function scanner(grep: string) {
  return createScanner({ format: "cri", direction: "forward", grep, maxRecordBytes: 1e6 });
}

/** Which of the messages are found, identified by each line's own number of nanoseconds. */
async function found<T extends string | Uint8Array>(
  grep: string,
  messages: readonly T[],
  { newline = true } = {},
): Promise<T[]> {
  const search = await scanner(grep);
  const encoder = new TextEncoder();
  const kept: T[] = [];
  messages.forEach((message, i) => {
    const header = encoder.encode(`2024-10-01T00:00:00.${i + 1}Z stdout F `);
    const text = typeof message === "string" ? encoder.encode(message) : message;
    const line = [...header, ...text, ...(newline || i < messages.length - 1 ? [10] : [])];
    const before = encoder.encode("2024-10-01T00:00:00Z stdin F malformed\n");
    const bytes = Uint8Array.from([...before, ...line]);
    if (search.scan(bytes, 0, bytes.length, { budget: 1e9 }).records === 1) kept.push(message);
  });
  // The same in one piece: the lines must not interfere with each other.
  const whole = Uint8Array.from(messages.flatMap((message) => [
    ...encoder.encode("2024-10-01T00:00:00Z stdout F "),
    ...(typeof message === "string" ? encoder.encode(message) : message),
    10,
  ]));
  assert.equal(search.scan(whole, 0, whole.length, { budget: 1e9 }).records, kept.length);
  return kept;
}

for (
  const [what, large] of [
    ["text", `${"x".repeat(60_000)}|needle \\d`],
    ["syntax tree", `${"a b ".repeat(400)}|needle \\d`],
  ] as const
) {
  Deno.test(`a pattern whose ${what} is too large to be looked at matches as any other`, async () => {
    assert.deepEqual(await found(large, ["a needle 7", "a needle", "x"]), ["a needle 7"]);
    for (const lineFeed of ["\\n", "\\x0A", "\\x{000a}", "\\u{A}", "\\u000a", "\n"]) {
      await assert.rejects(scanner(`${large}|a${lineFeed}b`), /the literal "\\n" is not allowed/);
    }
    for (const other of ["\\\\n", "[^\\n]y", "\\x0B", "[\\]\\n]z"]) {
      await scanner(`${large}|a${other}b`);
    }
  });
}
