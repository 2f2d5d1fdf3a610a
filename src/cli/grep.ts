import { LogRecord } from "../generated/cluster_agent.ts";
import { Failure } from "../failure/failure.ts";
import { GzipLog } from "../files/gzip_log.ts";
import { LogFile, type LogSource } from "../files/log_file.ts";
import { fileErrorKind, lstat, realPath } from "../platform/files.ts";
import { ScanPool } from "../pool/pool.ts";
import { parseInstant } from "../scan/time_window.ts";
import { planRanges } from "../stream/plan.ts";
import { recordsStream } from "../stream/records.ts";
import { silent } from "../telemetry/events.ts";
import { readArguments, readCount, readWord } from "./arguments.ts";
import { frames } from "./frames.ts";
import { moment } from "./moment.ts";
import { Output } from "./output.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";

const grepHelp = `grep PATTERN FILE [options]

Searches a container's log file without an agent, as the agent would: CRI and Docker's json-file format, also
compressed by gzip. PATTERN is a regular expression in the syntax of Rust's regex crate ((?i) at its beginning
ignores case) and is matched against the message alone; "" reads everything.

  -b, --backward            from new to old
      --since TIME          from this time on: 2024-10-01T05:00:00Z, or how long ago: 90s, 5m, 1h30m, 2d
      --until TIME          to this time
  -n, --limit N             end after N records
  -o, --output text|json    time and message (default), or one JSON object a line

Exit codes: 0 done (also when nothing matches), 1 failed, 2 wrong arguments, 130 interrupted.
`;

/** As the agent's default: longer lines are cut into several records. */
const maxRecordBytes = 2 * 1024 * 1024;

/** `grep …`: reads a local log file with the agent's engine. Resolves with the exit code (exitCode). */
export function grep(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(
    terminal,
    (signal) => grepFile(args, terminal, signal),
    (error) => error instanceof Failure,
  );
}

async function grepFile(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    terminal.out(grepHelp);
    return exitCode.done;
  }
  const { values, positionals } = readArguments(args, {
    backward: { type: "boolean", short: "b" },
    since: { type: "string" },
    until: { type: "string" },
    limit: { type: "string", short: "n" },
    output: { type: "string", short: "o" },
  });
  const [pattern, path, ...more] = positionals;
  if (pattern === undefined || path === undefined || more.length > 0) {
    throw new UsageError(`grep takes a pattern and a file\n\n${grepHelp}`);
  }
  const output = new Output(terminal, readWord("--output", values.output, ["text", "json"]));
  const limit = readCount("--limit", values.limit);
  const now = terminal.now();
  const time = (option: "since" | "until") => {
    const text = values[option];
    return text === undefined ? null : parseInstant(moment(`--${option}`, text, now));
  };
  const window = { start: time("since"), stop: time("until") };
  const direction = values.backward ? "backward" : "forward";

  using file = open(path);
  using closing = new DisposableStack();
  const pool = closing.adopt(
    new ScanPool({ workers: "auto", report: silent }),
    (pool) => pool.close(),
  );
  await pool.check(pattern, { signal });
  const ranges = planRanges([{ source: file, size: file.size }], window);
  const chunks = recordsStream(direction === "forward" ? ranges : ranges.reverse(), {
    direction,
    grep: pattern,
    maxRecordBytes,
    pool,
    report: silent,
    signal,
  });

  let count = 0;
  // Leaving the loop cancels the stream, and with it the scans under way.
  reading: for await (const chunk of chunks) {
    for (const frame of frames(chunk)) {
      output.record(LogRecord.decode(frame));
      if (++count === limit) break reading;
    }
    output.flush();
  }
  output.flush();
  return signal.aborted ? exitCode.interrupted : exitCode.done;
}

/** Opens a regular file; a link is followed to it, and what gzip has compressed is read inflated. Throws Failure. */
function open(path: string): LogSource {
  try {
    const real = realPath(path);
    const { dev, ino } = lstat(real);
    const file = LogFile.open({ realPath: real, dev, ino });
    return isGzip(file) ? new GzipLog(file) : file;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      fileErrorKind(error) === "not-found" ? "not-found" : "permission-denied",
      `Cannot read ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Whether the file begins as RFC 1952 says that gzip's do. */
function isGzip(file: LogFile): boolean {
  const head = new Uint8Array(2);
  return file.readAt(0, head) === 2 && head[0] === 0x1f && head[1] === 0x8b;
}
