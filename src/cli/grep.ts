import { Failure } from "../failure/failure.ts";
import type { RustRegex } from "../scan/rust_regex.ts";
import { parseInstant } from "../scan/time_window.ts";
import { readCount, readWord } from "./arguments.ts";
import { useColor } from "./color.ts";
import { asksForHelp, helpText, parseCommand } from "./command.ts";
import { grepCommand } from "./grep/grep_command.ts";
import { filesOf } from "../local_search/inputs.ts";
import { Report } from "./grep/report.ts";
import { type Search, searchPaths } from "../local_search/search.ts";
import { loadHighlighter } from "./highlight.ts";
import { Output } from "./output.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";
import { timeArgument } from "./time_argument.ts";

/** The exit codes of grep, as in POSIX grep. */
const grepExit = { found: 0, nothing: 1, failed: 2 } as const;

const MAX_CONTEXT = 10_000;

/** `grep …`: searches local log files with the agent's engine. Resolves to the exit code. */
export async function grep(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  const code = await runCommand(
    terminal,
    (signal) => runGrep(args, terminal, signal),
    (error) => error instanceof Failure,
    { failed: grepExit.failed },
  );
  return code;
}

async function runGrep(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(grepCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const search = await readSearch(args, terminal);
  // As in GNU grep: nothing is read then.
  if (search.maxCount === 0) return grepExit.nothing;
  const { found, hasFailed } = await searchPaths(search, signal);
  if (signal.aborted) return exitCode.interrupted;
  // With -q, a match is enough, whatever else could not be read (POSIX).
  if (search.report.kind === "nothing" && found > 0) return grepExit.found;
  return hasFailed ? grepExit.failed : found > 0 ? grepExit.found : grepExit.nothing;
}

async function readSearch(args: readonly string[], terminal: Terminal): Promise<Search> {
  const { values, positionals } = parseCommand(grepCommand, args);
  const sources = values.regexp ?? positionals.slice(0, 1);
  const files = values.regexp === undefined ? positionals.slice(1) : positionals;
  if (sources.length === 0) throw new UsageError("grep needs a pattern. Try: grep --help");
  const pattern = patternOf(sources, {
    fixed: values["fixed-strings"] ?? false,
    words: values["word-regexp"] ?? false,
    ignoreCase: values["ignore-case"] ?? false,
  });
  const paths = files.length === 0 ? ["-"] : files;
  const kind = values.quiet
    ? "nothing"
    : values["files-with-matches"]
    ? "files"
    : values.count
    ? "count"
    : "lines";
  const format = readWord("--output", values.output, ["text", "json", "raw"]);
  const context = readContext("--context", values.context) ?? 0;
  const before = readContext("--before-context", values["before-context"]) ?? context;
  const after = readContext("--after-context", values["after-context"]) ?? context;
  const invert = values["invert-match"] ?? false;
  const withNumber = values["line-number"] ?? false;
  const byLines = invert || withNumber || before > 0 || after > 0;
  if (values.backward && (byLines || paths.includes("-"))) {
    throw new UsageError(
      "--backward cannot be combined with -v, -n, -A, -B, -C or standard input, which are read from old to new",
    );
  }
  const now = terminal.now();
  const time = (option: "since" | "until") => {
    const text = values[option];
    return text === undefined ? null : parseInstant(timeArgument(`--${option}`, text, now));
  };
  const color = useColor(values.color, terminal);
  const output = new Output(terminal, {
    format,
    raw: values.raw ?? false,
    color,
    findMatches: color && !invert && kind === "lines" ? await loadHighlighter(pattern) : null,
  });
  return {
    pattern,
    regex: byLines || paths.includes("-") ? await compile(pattern) : null,
    invert,
    before: kind === "lines" ? before : 0,
    after: kind === "lines" ? after : 0,
    maxCount: values["max-count"] === "0" ? 0 : readCount("--max-count", values["max-count"]),
    window: { start: time("since"), stop: time("until") },
    direction: values.backward ? "backward" : "forward",
    byLines,
    paths,
    report: new Report(terminal, output, { kind, withFile: isSeveral(paths), withNumber }),
  };
}

function isSeveral(paths: readonly string[]): boolean {
  if (paths.length > 1) return true;
  const [path = "-"] = paths;
  if (path === "-") return false;
  try {
    const [first] = filesOf(path);
    return first !== path;
  } catch {
    return false; // The search reports the error.
  }
}

function patternOf(
  sources: readonly string[],
  options: { readonly fixed: boolean; readonly words: boolean; readonly ignoreCase: boolean },
): string {
  const parts = sources.map((source) =>
    options.fixed ? source.replace(/[\\.+*?()|[\]{}^$#&\-~]/g, "\\$&") : source
  );
  const [only = ""] = parts;
  let pattern = parts.length === 1 ? only : parts.map((part) => `(?:${part})`).join("|");
  // No word character on either side: \b would require one inside a pattern that begins or ends with another character.
  if (options.words) pattern = `\\b{start-half}(?:${pattern})\\b{end-half}`;
  return options.ignoreCase && pattern !== "" ? `(?i)${pattern}` : pattern;
}

function readContext(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_CONTEXT) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: expected a number from 0 to ${MAX_CONTEXT}`,
    );
  }
  return Number(text);
}

/** Null: every message matches. Throws Failure invalid-argument. */
async function compile(pattern: string): Promise<RustRegex | null> {
  const trimmed = pattern.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
  if (trimmed === "") return null;
  const { compilePattern } = await import("../scan/pattern.ts");
  return compilePattern(trimmed, "cri").exact;
}
