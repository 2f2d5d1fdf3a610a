import { Failure } from "../failure/failure.ts";
import type { LogSource } from "../files/log_file.ts";
import { LogRecord } from "../generated/cluster_agent.ts";
import { ScanPool } from "../pool/pool.ts";
import type { RustRegex } from "../scan/rust_regex.ts";
import { examineIn } from "../stream/examine_compressed.ts";
import { planRanges, UNKNOWN_SIZE } from "../stream/plan.ts";
import { recordsStream } from "../stream/records.ts";
import { silent } from "../telemetry/events.ts";
import { LineJoiner } from "../client/line_joiner.ts";
import { frames } from "./decode_frames.ts";
import { filesOf, isNoContainerLog, openInput } from "./inputs.ts";
import { fileBlocks, type FileBlocksOptions } from "./file_blocks.ts";
import { inputBlocks, searchLines } from "./line_search.ts";

/** The agent's default: longer messages are split into several records. */
const MAX_RECORD_BYTES = 2 * 1024 * 1024;
const TRUNCATED = "it was truncated while it was read, and no copy holds them";

/** Receives the results, in order, and notes about the files. */
export interface SearchReport {
  /** What to report about each file: its lines, their count, its name if there are any, or nothing. */
  readonly kind: "lines" | "count" | "files" | "nothing";
  /** A selected line, or one around it. Lines that were read one by one have a number, from 1. */
  line(
    file: string,
    record: LogRecord,
    context?: { readonly number?: number; readonly isMatch?: boolean },
  ): void;
  /** Lines between the reported ones are omitted. */
  gap(): void;
  /** The number of selected lines in the file. */
  count(file: string, count: number): void;
  /** The file has selected lines. */
  file(file: string): void;
  /** More results may come only later: show now what was reported. */
  flush(): void;
  /** The path, named by the caller, is not a container log. */
  noContainerLog(path: string): void;
  /** How many files in the folder are not container logs. */
  skipped(folder: string, files: number): void;
  /** A path cannot be read; the others are still searched. */
  failed(failure: Failure): void;
}

/** A search as requested by a caller. */
export interface Search {
  readonly pattern: string;
  readonly regex: RustRegex | null;
  readonly invert: boolean;
  readonly before: number;
  readonly after: number;
  readonly maxCount: number | null;
  readonly window: Parameters<typeof planRanges>[1];
  readonly direction: "forward" | "backward";
  /** Whether lines must be read one by one, to get information that the engine does not provide. */
  readonly byLines: boolean;
  readonly paths: readonly string[];
  readonly report: SearchReport;
}

/**
 * Searches every path, in order. A path that cannot be read is reported, and the others are searched; resolves to the
 * number of selected lines. Throws Failure invalid-argument for an invalid pattern.
 */
export async function searchPaths(
  search: Search,
  signal: AbortSignal,
): Promise<{ readonly found: number; readonly hasFailed: boolean }> {
  using closing = new DisposableStack();
  let pool: ScanPool | null = null;
  const engine = () =>
    pool ??= closing.adopt(
      new ScanPool({ workers: "auto", report: silent }),
      (pool) => pool.close(),
    );
  const { report, paths } = search;
  let hasFailed = false;
  let found = 0;
  const lostOf = (file: string) => (bytes: number) => {
    if (bytes === 0) return;
    hasFailed = true;
    report.failed(
      new Failure("unavailable", `Cannot read ${bytes} bytes of ${file}: ${TRUNCATED}`),
    );
  };
  for (const path of paths) {
    if (signal.aborted) break;
    try {
      if (path === "-") {
        found += await searchInput(search, signal);
        continue;
      }
      let skipped = 0;
      for (const file of filesOf(path)) {
        if (signal.aborted) break;
        using source = openInput(file, (...asked) => examineIn(engine())(...asked));
        if (isNoContainerLog(source)) {
          skipped++;
          if (file !== path) continue;
          report.noContainerLog(path);
          continue;
        }
        found += search.byLines
          ? await searchByLines(file, source, search, { signal, onLost: lostOf(file) })
          : await searchByEngine(file, source, search, {
            pool: engine(),
            signal,
            onLost: lostOf(file),
          });
        report.flush();
      }
      if (skipped > 1) report.skipped(path, skipped);
    } catch (error) {
      // As in grep: readable files are still searched. An invalid pattern is invalid for every file.
      const isOfFile = error instanceof Failure && error.kind !== "invalid-argument";
      if (!isOfFile) throw error;
      report.failed(error);
      hasFailed = true;
    }
  }
  report.flush();
  return { found, hasFailed };
}

/** Resolves to the number of selected lines. */
async function searchInput(
  search: Search,
  signal: AbortSignal,
): Promise<number> {
  const name = "(standard input)";
  const seen = { lines: 0, records: 0 };
  const found = await searchByLines(name, null, search, { signal, onLost: () => {} }, seen);
  if (seen.lines > 0 && seen.records === 0) search.report.noContainerLog(name);
  return found;
}

/** Resolves to the number of selected lines. */
async function searchByLines(
  name: string,
  source: LogSource | null,
  search: Search,
  options: FileBlocksOptions,
  seen = { lines: 0, records: 0 },
): Promise<number> {
  const { report, regex } = search;
  const { signal } = options;
  const blocks = source === null ? inputBlocks(signal) : fileBlocks(source, options);
  let count = 0;
  let isFirst = true;
  for await (
    const line of searchLines(blocks, source?.format ?? null, { ...search, regex, signal, seen })
  ) {
    if (line.isMatch) count++;
    if (report.kind === "lines") {
      const hasContext = search.before > 0 || search.after > 0;
      if (hasContext && (isFirst || line.isAfterGap)) report.gap();
      report.line(name, line.record, line);
      isFirst = false;
      if (source === null) report.flush(); // Its writer may pause.
    } else if (report.kind !== "count") break;
  }
  finishFile(name, count, report);
  return count;
}

/** Resolves to the number of selected lines. */
async function searchByEngine(
  name: string,
  source: LogSource,
  search: Search,
  { pool, signal, onLost }: FileBlocksOptions & { readonly pool: ScanPool },
): Promise<number> {
  const { report, direction, maxCount, pattern } = search;
  await pool.check(pattern, { signal });
  const ranges = planRanges(
    { current: { source, size: source.compressed === undefined ? source.size : UNKNOWN_SIZE } },
    search.window,
    { direction, signal, pool, stream: {} },
  );
  const chunks = recordsStream(ranges, {
    direction,
    grep: pattern,
    maxRecordBytes: MAX_RECORD_BYTES,
    pool,
    report: (event) => {
      if (event.type === "truncated") onLost(event.bytes);
    },
    signal,
  });
  const joiner = new LineJoiner({ direction, isFiltered: pattern !== "" });
  let count = 0;
  const take = (records: readonly LogRecord[]): boolean => {
    for (const record of records) {
      if (count === maxCount) return false;
      count++;
      if (report.kind === "lines") report.line(name, record);
      else if (report.kind !== "count") return false;
    }
    return count !== maxCount;
  };
  let isDone = false;
  // Leaving the loop cancels the stream, and with it its running scans.
  reading: for await (const chunk of chunks) {
    for (const frame of frames(chunk)) {
      if (take(joiner.add(LogRecord.decode(frame)))) continue;
      isDone = true;
      break reading;
    }
    report.flush();
  }
  if (!isDone) take(joiner.end());
  finishFile(name, count, report);
  return count;
}

function finishFile(name: string, count: number, report: SearchReport): void {
  if (report.kind === "count") report.count(name, count);
  else if (report.kind === "files" && count > 0) report.file(name);
}
