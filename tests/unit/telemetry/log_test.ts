import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { fanOut } from "../../../src/telemetry/fan_out.ts";
import { createLog, type LogOptions } from "../../../src/telemetry/log.ts";

const now = () => new Date("2026-11-23T10:15:30.123Z");

function lines(
  options: Partial<LogOptions>,
  events: readonly AgentEvent[],
  extra: { color?: boolean } = {},
): string[] {
  const written: string[] = [];
  const log = createLog(
    { enabled: true, level: "debug", format: "json", ...options },
    (line) => written.push(line),
    { now, ...extra },
  );
  for (const event of events) log(event);
  return written;
}

const call: AgentEvent = {
  type: "call-ended",
  method: "cluster_agent.LogRecordsService/StreamForward",
  code: "OK",
  identity: "user:alice",
  namespaces: ["team-a", "team-b"],
  records: 500,
  bytes: 61234,
  milliseconds: 12.3456,
};

Deno.test("a call is one JSON line at info, with everything that is asked of it later", () => {
  const [line, ...rest] = lines({ level: "info" }, [call]);
  assert.deepEqual(rest, []);
  assert.ok(line?.endsWith("}\n"));
  assert.deepEqual(JSON.parse(line ?? ""), {
    time: "2026-11-23T10:15:30.123Z",
    level: "info",
    msg: "call",
    method: "cluster_agent.LogRecordsService/StreamForward",
    code: "OK",
    identity: "user:alice",
    namespaces: ["team-a", "team-b"],
    records: 500,
    bytes: 61234,
    ms: 12.3,
  });
});

Deno.test("text is key=value, quoted where it must be", () => {
  const failed = { ...call, code: "NOT_FOUND", error: 'no such file "x"', namespaces: [] };
  assert.deepEqual(lines({ format: "text" }, [failed]), [
    "time=2026-11-23T10:15:30.123Z level=info msg=call " +
    "method=cluster_agent.LogRecordsService/StreamForward code=NOT_FOUND identity=user:alice " +
    'namespaces="" records=500 bytes=61234 ms=12.3 error="no such file \\"x\\""\n',
  ]);
});

Deno.test("pretty is for people, in color only if requested", () => {
  const event: AgentEvent = {
    type: "notice",
    level: "warn",
    text: "something odd",
    fields: { path: "/var/log" },
  };
  assert.deepEqual(lines({ format: "pretty" }, [event]), [
    "10:15:30.123 WARN  something odd path=/var/log\n",
  ]);
  assert.deepEqual(lines({ format: "pretty" }, [event], { color: true }), [
    "\x1b[90m10:15:30.123\x1b[0m \x1b[33mWARN \x1b[0m something odd\x1b[90m path=/var/log\x1b[0m\n",
  ]);
});

const oneOfEach: readonly AgentEvent[] = [
  { type: "notice", level: "debug", text: "d" },
  { type: "notice", level: "info", text: "i" },
  { type: "notice", level: "warn", text: "w" },
  { type: "notice", level: "error", text: "e" },
];

Deno.test("levels: nothing less serious is written, disabled and enabled: false write nothing", () => {
  const texts = (options: Partial<LogOptions>) =>
    lines(options, oneOfEach).map((line) => JSON.parse(line).msg).join("");
  assert.equal(texts({ level: "debug" }), "diwe");
  assert.equal(texts({ level: "info" }), "iwe");
  assert.equal(texts({ level: "warn" }), "we");
  assert.equal(texts({ level: "error" }), "e");
  assert.equal(texts({ level: "disabled" }), "");
  assert.equal(texts({ level: "debug", enabled: false }), "");
});

Deno.test("health checks and reflection are background: only at debug", () => {
  const levels = ["grpc.health.v1.Health/Check", "grpc.reflection.v1.ServerReflection/X"].map(
    (method) => JSON.parse(lines({}, [{ ...call, method }])[0] ?? "").level,
  );
  assert.deepEqual(levels, ["debug", "debug"]);
});

Deno.test("a failure of the agent's own is an error, one of its caller's is not", () => {
  const level = (code: string) => JSON.parse(lines({}, [{ ...call, code }])[0] ?? "").level;
  assert.equal(level("INTERNAL"), "error");
  assert.equal(level("UNKNOWN"), "error");
  for (const code of ["PERMISSION_DENIED", "INVALID_ARGUMENT", "CANCELLED", "UNIMPLEMENTED"]) {
    assert.equal(level(code), "info", code);
  }
});

Deno.test("an unreachable API server is reported once, and once when it is back", () => {
  const review = (verdict: "allowed" | "denied" | "error"): AgentEvent => ({
    type: "review",
    verdict,
    seconds: 0.25,
  });
  const written = lines({ level: "info" }, [
    review("allowed"),
    review("error"),
    review("error"),
    review("denied"),
    review("allowed"),
  ]).map((line) => JSON.parse(line));
  assert.deepEqual(written.map(({ level, verdict }) => [level, verdict]), [["warn", "error"], [
    "info",
    "denied",
  ]]);
});

Deno.test("events of every piece of a log are counted, never written", () => {
  assert.deepEqual(
    lines({}, [
      { type: "scanned", bytes: 1, records: 1, malformed: 1, seconds: 1 },
      { type: "sent", bytes: 1 },
      { type: "review-cached" },
      { type: "followers", change: 1 },
      { type: "watchers", change: -1 },
      { type: "followed-files", count: 3 },
    ]),
    [],
  );
});

Deno.test("certificates: loaded is info with its end, kept is an error with its cause", () => {
  const notAfterMs = Date.parse("2027-01-01T00:00:00Z");
  const written = lines({}, [
    { type: "certificate", state: "loaded", notAfterMs },
    { type: "certificate", state: "kept", notAfterMs, problem: "the key does not fit" },
    { type: "certificate", state: "loaded", notAfterMs: Number.NaN },
  ]).map((line) => JSON.parse(line));
  assert.deepEqual(written.map(({ level, expires, problem }) => ({ level, expires, problem })), [
    { level: "info", expires: "2027-01-01T00:00:00.000Z", problem: undefined },
    { level: "error", expires: "2027-01-01T00:00:00.000Z", problem: "the key does not fit" },
    { level: "info", expires: undefined, problem: undefined },
  ]);
});

Deno.test("a field cannot pass itself off as the line's time, level or text", () => {
  const [line] = lines({}, [
    {
      type: "notice",
      level: "info",
      text: "true",
      fields: { msg: "fake", level: "error", time: 0 },
    },
  ]);
  const { msg, level, field_msg: fieldMsg, field_level: fieldLevel } = JSON.parse(line ?? "");
  assert.deepEqual([msg, level, fieldMsg, fieldLevel], ["true", "info", "fake", "error"]);
});

Deno.test("no caller's name makes a second line or steers a terminal", () => {
  const identity = "user:\x1b[2Ja\r\nlevel=error\u009b31m\u2028\u202e\x7f";
  for (const format of ["json", "text", "pretty"] as const) {
    const [line = "", ...rest] = lines({ format }, [{ ...call, identity }]);
    assert.deepEqual(rest, []);
    assert.doesNotMatch(line.slice(0, -1), /\p{Cc}|\u2028|\u202e/u, format);
    assert.ok(line.endsWith("\n"));
  }
});

Deno.test("a log that nobody reads any more does not stop the agent", () => {
  const log = createLog({ enabled: true, level: "info", format: "json" }, () => {
    throw new Error("broken pipe");
  });
  log(call);
});

Deno.test("fanOut passes every event to all, in order", () => {
  const seen: string[] = [];
  const report = fanOut(({ type }) => seen.push(`a ${type}`), ({ type }) => seen.push(`b ${type}`));
  report({ type: "rotation" });
  report({ type: "review-cached" });
  assert.deepEqual(seen, ["a rotation", "b rotation", "a review-cached", "b review-cached"]);
});

Deno.test("a refused pattern of 50 KB, and every other foreign text, is cut to 200 characters", () => {
  const pattern = "(" + "a".repeat(50_000);
  const events: AgentEvent[] = [
    {
      ...call,
      code: "INVALID_ARGUMENT",
      error: `Invalid grep pattern: ${pattern}: unclosed group`,
    },
    { ...call, identity: `user:${"u".repeat(5000)}` },
    { ...call, namespaces: Array.from({ length: 1000 }, (_, i) => `namespace-${i}`) },
    { type: "notice", level: "info", text: "x", fields: { why: "w".repeat(5000) } },
    { type: "truncated", path: `/${"p".repeat(5000)}`, bytes: 1, cause: "truncated" },
  ];
  for (const format of ["json", "text", "pretty"] as const) {
    for (const line of lines({ format }, events)) {
      assert.ok(line.length < 700, `${format}: ${line.length} characters`);
    }
  }
  const [refused = ""] = lines({}, events);
  const { error } = JSON.parse(refused);
  assert.ok(error.startsWith("Invalid grep pattern: (aaa"));
  assert.ok(error.endsWith("unclosed group"), "the parser's own words are kept");
  assert.match(error, /\(\d+ more characters\)/);
});

Deno.test("control, C1, bidi and invisible characters are escaped in every format", () => {
  const foreign =
    "a\x1b[2Jb\x07c\r\nd\x85e\x9bf\u202eg\u2066h\u200fi\u2028j\u200bk\ufeffl\u{e0041}m";
  const event: AgentEvent = { ...call, error: foreign, identity: foreign, namespaces: [foreign] };
  for (const format of ["json", "text", "pretty"] as const) {
    const [line = ""] = lines({ format }, [event]);
    assert.doesNotMatch(line.slice(0, -1), /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u, format);
    assert.equal(line.at(-1), "\n");
  }
  const [line = ""] = lines({}, [event]);
  assert.equal(JSON.parse(line).error, foreign, "JSON keeps the value");
});
