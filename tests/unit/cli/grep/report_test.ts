import assert from "node:assert/strict";
import { Report } from "../../../../src/cli/grep/report.ts";
import { Output, type OutputFormat } from "../../../../src/cli/output.ts";
import { Failure } from "../../../../src/failure/failure.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

const record = {
  timestamp: { seconds: 1727758800n, nanos: 0 },
  message: "disk full",
  is_final: true,
};
const TIME = "2024-10-01T05:00:00Z";

function newReport(
  format: OutputFormat,
  options: { withFile?: boolean; withNumber?: boolean } = {},
) {
  const terminal = new CapturedTerminal();
  const report = new Report(terminal, new Output(terminal, { format }), {
    kind: "lines",
    withFile: false,
    withNumber: false,
    ...options,
  });
  return { terminal, report };
}

Deno.test("a line is shown as grep does, with file and number where they are asked for", () => {
  const { terminal, report } = newReport("text", { withFile: true, withNumber: true });
  report.line("a.log", record, { number: 7 });
  report.line("a.log", record, { number: 8, isMatch: false });
  report.flush();
  assert.equal(
    terminal.stdout,
    `a.log:7:${TIME} disk full\na.log-8-${TIME} disk full\n`,
  );
  const raw = newReport("raw");
  raw.report.line("a.log", record);
  raw.report.flush();
  assert.equal(raw.terminal.stdout, "disk full\n");
});

Deno.test("as JSON, a line is one object, and says what it is", () => {
  const { terminal, report } = newReport("json", { withFile: true, withNumber: true });
  report.line("a.log", record, { number: 7, isMatch: false });
  report.flush();
  assert.deepEqual(JSON.parse(terminal.stdout), {
    file: "a.log",
    line: 7,
    context: true,
    timestamp: TIME,
    message: "disk full",
    is_final: true,
  });
});

Deno.test("a gap is marked between lines only, and not in JSON", () => {
  const { terminal, report } = newReport("text");
  report.gap();
  report.line("a.log", record);
  report.gap();
  report.flush();
  assert.equal(terminal.stdout, `${TIME} disk full\n--\n`);
  const raw = newReport("raw");
  raw.report.line("a.log", record);
  raw.report.gap();
  raw.report.flush();
  assert.equal(raw.terminal.stdout, "disk full\n--\n");
  const json = newReport("json");
  json.report.line("a.log", record);
  json.report.gap();
  json.report.flush();
  assert.ok(!json.terminal.stdout.includes("--"));
});

Deno.test("counts and file names are printed as grep prints them, or as JSON", () => {
  for (const withFile of [false, true]) {
    const { terminal, report } = newReport("text", { withFile });
    report.count("a.log", 3);
    report.file("a.log");
    report.flush();
    assert.equal(terminal.stdout, withFile ? "a.log:3\na.log\n" : "3\na.log\n");
  }
  const { terminal, report } = newReport("json");
  report.count("a.log", 3);
  report.file("a.log");
  report.flush();
  assert.equal(terminal.stdout, '{"file":"a.log","count":3}\n{"file":"a.log"}\n');
});

Deno.test("a problem in a file is reported after the matches before it", () => {
  const order: string[] = [];
  const terminal = new CapturedTerminal();
  terminal.out = (text) => order.push(`out ${text}`);
  terminal.err = (text) => order.push(`err ${text}`);
  const report = new Report(terminal, new Output(terminal, { format: "raw" }), {
    kind: "lines",
    withFile: false,
    withNumber: false,
  });
  report.line("a.log", record);
  report.noContainerLog("b.txt");
  report.skipped("logs", 1234);
  report.failed(new Failure("not-found", "Cannot read c: no such file or folder"));
  assert.deepEqual(order, [
    "out disk full\n",
    "err b.txt: no container log (neither CRI nor Docker json-file format)\n",
    "err logs: 1,234 files skipped: no container logs\n",
    "err Cannot read c: no such file or folder\n",
  ]);
});
