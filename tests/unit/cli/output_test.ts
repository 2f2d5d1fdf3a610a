import assert from "node:assert/strict";
import { countText, Output, sizeText } from "../../../src/cli/output.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

const record = {
  timestamp: { seconds: 1727758800n, nanos: 120_000 },
  message: 'a "b"\u001b[0m',
  is_final: false,
};

Deno.test("a record as text is its time and message, as JSON all of it on one line", () => {
  const text = new CapturedTerminal();
  const output = new Output(text, { format: "text" });
  output.record(record);
  assert.equal(text.stdout, "", "waits for flush");
  output.flush();
  assert.equal(text.stdout, '2024-10-01T05:00:00.000120Z a "b"\u001b[0m\n');

  const json = new CapturedTerminal();
  const lines = new Output(json, { format: "json" });
  lines.record(record);
  lines.flush();
  assert.deepEqual(JSON.parse(json.stdout), {
    timestamp: "2024-10-01T05:00:00.000120Z",
    message: record.message,
    is_final: false,
  });
});

Deno.test("only a terminal with color gets color", () => {
  const terminal = new CapturedTerminal({ color: true });
  const output = new Output(terminal, { format: "text" });
  output.record({ ...record, message: "x" });
  output.flush();
  assert.equal(terminal.stdout, "\x1b[2m2024-10-01T05:00:00.000120Z\x1b[0m x\n");
});

Deno.test("a message's own colors end with it, also where this program adds none", () => {
  for (const [columns, end] of [[80, "\x1b[0m\n"], [undefined, "\x1b[7mx\n"]] as const) {
    const terminal = new CapturedTerminal({ ...(columns === undefined ? {} : { columns }) });
    const output = new Output(terminal, { format: "text" });
    output.record({ ...record, message: "\x1b[7mx" });
    output.flush();
    assert.ok(terminal.stdout.endsWith(end), JSON.stringify(terminal.stdout));
  }
});

Deno.test("a table has columns as wide as their widest cell, and no trailing spaces on a line's end", () => {
  const terminal = new CapturedTerminal();
  const output = new Output(terminal, { format: "text" });
  output.table([["A", "B"], ["long", "x"], ["y", ""]]);
  output.flush();
  assert.equal(terminal.stdout, "A     B\nlong  x\ny\n");
});

Deno.test("sizes and counts are printed as people read them", () => {
  assert.deepEqual([0, 1023, 1536, 261479, 3 * 1024 ** 3].map(sizeText), [
    "0 B",
    "1023 B",
    "1.5 KiB",
    "255 KiB",
    "3 GiB",
  ]);
  assert.deepEqual([0, 1, 1234].map((n) => countText(n, "record")), [
    "0 records",
    "1 record",
    "1,234 records",
  ]);
});
