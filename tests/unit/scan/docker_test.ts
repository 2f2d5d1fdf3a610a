import assert from "node:assert/strict";
import { DockerParser } from "../../../src/scan/docker.ts";
import { Random, runSeed } from "../../harness/random.ts";

const TIME = "2024-10-01T05:40:46.960135302Z";

function parse(line: string) {
  const parser = new DockerParser();
  const bytes = new TextEncoder().encode(line);
  if (!parser.parse(bytes, 0, bytes.length)) return null;
  const text = new TextDecoder().decode(parser.text.subarray(parser.start, parser.end));
  return { text, isFinal: parser.isFinal, seconds: parser.seconds, nanos: parser.nanos };
}

const record = { text: "hello", isFinal: true, seconds: 1727761246, nanos: 960135302 };

for (
  const { form, line } of [
    { form: "Docker's own", line: `{"log":"hello\\n","stream":"stdout","time":"${TIME}"}` },
    {
      form: "spaces after colons and commas",
      line: `{"log": "hello\\n", "stream": "stdout", "time": "${TIME}"}`,
    },
    {
      form: "whitespace everywhere",
      line: ` { "log"\t:  "hello\\n" ,"stream" : "stdout",\t"time" : "${TIME}" } `,
    },
    { form: "another order", line: `{"time":"${TIME}","stream":"stdout","log":"hello\\n"}` },
    { form: "no stream", line: `{"log":"hello\\n","time":"${TIME}"}` },
    {
      form: "attributes",
      line: `{"log":"hello\\n","stream":"stdout","attrs":{"tag": "x", "n":"1"},"time":"${TIME}"}`,
    },
    { form: "no attributes", line: `{"log":"hello\\n","attrs":{},"time":"${TIME}"}` },
    {
      form: "other members",
      line: `{"log":"hello\\n","n":[1,{"a":null}],"stream":"std\\u006fut","time":"${TIME}"}`,
    },
    { form: "a member twice", line: `{"log":"no","log":"hello\\n","time":"${TIME}"}` },
    { form: "escaped", line: `{"log": "\\u0068ell\\u006f\\n", "time": "${TIME}"}` },
  ]
) {
  Deno.test(`a line with ${form} is parsed`, () => assert.deepEqual(parse(line), record));
}

Deno.test("anything else is malformed", () => {
  for (
    const line of [
      "",
      "{",
      "{}",
      `{"log": "a"}`,
      `{"time": "${TIME}"}`,
      `{"log": 1, "time": "${TIME}"}`,
      `{"log": "a", "time": "${TIME}",}`,
      `{"log": "a", "time": "${TIME}"} x`,
      `{"log": "a", "time": "${TIME}"`,
      `{"log": "a", "time": "${TIME} "}`,
      `{"log": "a" "time": "${TIME}"}`,
      `{"log": "a\tb", "time": "${TIME}"}`,
      `{"log": "a", "attrs": {"a":}, "time": "${TIME}"}`,
      `{"log": "a", "attrs": {"a":"b",}, "time": "${TIME}"}`,
    ]
  ) {
    assert.equal(parse(line), null, line);
  }
});

Deno.test("a malformed line never gets as far as an exception of JSON.parse, which takes microseconds", () => {
  const parseJson = JSON.parse;
  const parsed: string[] = [];
  JSON.parse = (text: string) => {
    parsed.push(text);
    return parseJson(text);
  };
  try {
    for (
      const line of ["", " ", "{", "{x}", "[", "[]", "x", `{"log":"a`, `{"a":1}}`, `{"a":1} x`]
    ) {
      assert.equal(parse(line), null, line);
    }
    assert.deepEqual(parsed, []);
    assert.deepEqual(parse(`{"log":"no","log":"hello\\n","time":"${TIME}"}`), record);
    assert.equal(parsed.length, 1);
  } finally {
    JSON.parse = parseJson;
  }
});

Deno.test("a line is read however deeply its other values are nested", () => {
  const deep = `${"[".repeat(1000)}${"]".repeat(1000)}`;
  assert.deepEqual(parse(`{"log":"hello\\n","x":${deep},"time":"${TIME}"}`), record);
});

Deno.test("a long line with nested members and escapes is read without JSON.parse; one with doubtful keys is malformed", () => {
  const text = "\\u00e9".repeat(300_000);
  const nested = `{"time":"${TIME}","x":{"a":[1,{"b":null}]},"log":"${text}\\n"}`;
  assert.equal(parse(nested)?.text, "é".repeat(300_000));
  assert.equal(parse(nested.replace('"x"', '"\\u0078"')), null);
});

Deno.test("a line is read as JSON.parse reads it, whatever is between and within its parts", () => {
  const seed = runSeed();
  for (let round = 0; round < 20_000; round++) {
    const random = new Random(seed + round);
    const space = () => random.pick(["", "", " ", "\t", "  "]);
    const string = () =>
      random.pick(['"x"', '""', '"a\\n"', '"\\u00e9\\n"', '"é"', '"a\\qb"', '"\t"']);
    const value = () =>
      random.chance(0.8)
        ? string()
        : random.pick(["1", "null", "{}", `{"a":${string()}}`, "[]", "{a}"]);
    const members = Array.from({ length: random.below(5) }, () => {
      const key = random.pick(["log", "log", "time", "time", "stream", "attrs", "x"]);
      const right = key === "time" ? `"${TIME}"` : value();
      return `${space()}"${key}"${space()}:${space()}${
        random.chance(0.9) ? right : value()
      }${space()}`;
    });
    let line = `${space()}{${members.join(random.chance(0.95) ? "," : "")}}${space()}`;
    if (random.chance(0.1)) line = line.slice(0, random.below(line.length + 1));
    let expected: { text: string; isFinal: boolean } | null = null;
    try {
      const { log, time } = JSON.parse(line) as { log?: unknown; time?: unknown };
      if (typeof log === "string" && typeof time === "string" && /^2024/.test(time)) {
        expected = { text: log.replace(/\n$/, ""), isFinal: log.endsWith("\n") };
      }
    } catch {
      // Malformed.
    }
    const found = parse(line);
    const label = `SEED=${seed + round} ${line}`;
    assert.deepEqual(found && { text: found.text, isFinal: found.isFinal }, expected, label);
  }
});
