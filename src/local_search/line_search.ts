import { isUtf8 } from "node:buffer";
import type { LogRecord } from "../generated/cluster_agent.ts";
import { detectFormat, type LogFormat } from "../scan/format.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import { lineParser } from "../scan/line_parser.ts";
import { lineEnd, type LineParser } from "../scan/lines.ts";
import type { RustRegex } from "../scan/rust_regex.ts";
import { repairUtf8, trimmedEnd } from "../scan/text.ts";
import { readInput } from "../platform/process.ts";

const BLOCK_BYTES = 256 * 1024;
/** A longer line is skipped: by the agent's own rules, Docker's lines are at most 16 MiB. */
const MAX_LINE_BYTES = 16 * 2 ** 20;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line to show. */
export interface FoundLine {
  readonly record: LogRecord;
  /** From 1. */
  readonly number: number;
  /** Whether it was selected, rather than shown as context. */
  readonly isMatch: boolean;
  /** Whether lines between this one and the previously shown one are omitted. */
  readonly isAfterGap: boolean;
}

export interface LineSearchOptions {
  /** Null: every message matches. */
  readonly regex: RustRegex | null;
  readonly invert: boolean;
  /** Number of lines shown before and after each selected line. */
  readonly before: number;
  readonly after: number;
  /** How many selected lines to find; the context after the last one is still shown. */
  readonly maxCount: number | null;
  readonly window: { readonly start: Instant | null; readonly stop: Instant | null };
  readonly signal: AbortSignal;
  /** Counts what was read: lines that are not blank, and those among them that a container runtime wrote. */
  readonly seen?: { lines: number; records: number };
}

/**
 * Searches line by line, in order. This provides what the engine does not: a match's line number and neighbors, and
 * searching standard input, which cannot be read at arbitrary offsets. Malformed lines count but are not shown.
 */
export async function* searchLines(
  blocks: AsyncIterable<Uint8Array>,
  format: LogFormat | null,
  options: LineSearchOptions,
): AsyncGenerator<FoundLine> {
  let parser: LineParser | null = format === null ? null : lineParser(format);
  const before: FoundLine[] = [];
  let number = 0;
  let shownNumber = 0;
  let afterLeft = 0;
  let selected = 0;
  const stamp = (line: FoundLine): FoundLine => {
    const isAfterGap = shownNumber > 0 && line.number > shownNumber + 1;
    shownNumber = line.number;
    return { ...line, isAfterGap };
  };
  for await (const { bytes, start, end } of lines(blocks)) {
    number++;
    if (parser === null) {
      const detected = detectFormat("", bytes.subarray(start, end));
      if (detected === null) continue;
      parser = lineParser(detected);
    }
    if (options.seen !== undefined && end > start) options.seen.lines++;
    if (!parser.parse(bytes, start, end)) continue;
    if (options.seen !== undefined) options.seen.records++;
    if (!isWithin(parser, options.window)) continue;
    const { text, from, to } = validText(parser);
    const isMatch = (options.regex?.matches(text, from, to) ?? true) !== options.invert;
    const isDone = selected === options.maxCount;
    if (isDone && afterLeft === 0) return;
    if (!isMatch && afterLeft === 0 && options.before === 0) continue;
    const line = {
      record: recordOf(parser, text, from, to),
      number,
      isMatch: isMatch && !isDone,
      isAfterGap: false,
    };
    if (line.isMatch) {
      selected++;
      afterLeft = options.after;
      for (const earlier of before.splice(0)) yield stamp(earlier);
      yield stamp(line);
      if (selected === options.maxCount && options.after === 0) return;
    } else if (afterLeft > 0) {
      afterLeft--;
      yield stamp(line);
    } else if (before.push(line) > options.before) before.shift();
  }
}

/** Standard input; gzip is inflated. */
export function inputBlocks(signal: AbortSignal): AsyncIterable<Uint8Array> {
  return inflated(rawInput(signal));
}

async function* rawInput(signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const aborted = new Promise<null>((resolve) =>
    signal.addEventListener("abort", () => resolve(null))
  );
  while (!signal.aborted) {
    const block = new Uint8Array(BLOCK_BYTES);
    const count = await Promise.race([readInput(block), aborted]);
    if (count === null) return;
    yield block.subarray(0, count);
  }
}

async function* inflated(
  blocks: AsyncGenerator<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array> {
  const first = await blocks.next();
  if (first.done) return;
  const rest = (async function* () {
    yield first.value;
    yield* blocks;
  })();
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) yield* rest;
  else yield* ReadableStream.from(rest).pipeThrough(new DecompressionStream("gzip"));
}

async function* lines(
  blocks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; start: number; end: number }> {
  let rest: Uint8Array = new Uint8Array(0);
  let isTooLong = false;
  for await (const block of blocks) {
    const bytes = rest.length === 0 ? block : joined(rest, block);
    const searched = rest.length;
    let start = 0;
    for (
      let end = lineEnd(bytes, searched, bytes.length);
      end < bytes.length;
      end = lineEnd(bytes, start, bytes.length)
    ) {
      // A line that is too long counts as a malformed one.
      yield { bytes, start: isTooLong ? end : start, end };
      isTooLong = false;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_LINE_BYTES) {
      isTooLong = true;
      rest = new Uint8Array(0);
    }
  }
  if (rest.length > 0 && !isTooLong) yield { bytes: rest, start: 0, end: rest.length };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function isWithin(
  line: LineParser,
  { start, stop }: LineSearchOptions["window"],
): boolean {
  return (start === null || compareInstants(line, start) >= 0) &&
    (stop === null || compareInstants(line, stop) <= 0);
}

/**
 * The message as valid UTF-8, before its trailing white space is trimmed: the text that a pattern is matched against.
 */
function validText({ text, start, end }: LineParser) {
  if (isUtf8(text.subarray(start, end))) return { text, from: start, to: end };
  const repaired = repairUtf8(text.subarray(start, end));
  return { text: repaired, from: 0, to: repaired.length };
}

function recordOf(line: LineParser, text: Uint8Array, from: number, to: number): LogRecord {
  const end = line.isFinal ? trimmedEnd(text, from, to) : to;
  return {
    timestamp: { seconds: BigInt(line.seconds), nanos: line.nanos },
    message: decoder.decode(text.subarray(from, end)),
    is_final: line.isFinal,
  };
}
