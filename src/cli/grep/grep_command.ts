import { colorOption } from "../color.ts";
import type { Command } from "../command.ts";
import { TIME_HELP } from "../time_argument.ts";

/** `grep` for help, parsing and completion; its options are those of POSIX grep where POSIX has them. */
export const grepCommand = {
  name: "grep",
  usage: "PATTERN [FILE|FOLDER]... [options]",
  summary: "search container log files without an agent",
  description: [
    "Searches container log files with the agent's engine: CRI and Docker's json-file format, plain or compressed with gzip. " +
    "In folders, all files are searched. Without FILE, or if FILE is -, standard input is read.",
    'PATTERN is a regular expression in the syntax of Rust\'s regex crate and is matched against the message only; "" ' +
    "matches every message.",
  ],
  options: {
    "ignore-case": { type: "boolean", short: "i", help: "ignore case" },
    "invert-match": { type: "boolean", short: "v", help: "select messages that do not match" },
    "fixed-strings": {
      type: "boolean",
      short: "F",
      help: "PATTERN is plain text, not an expression",
    },
    "word-regexp": { type: "boolean", short: "w", help: "match whole words only" },
    regexp: {
      type: "string",
      short: "e",
      multiple: true,
      value: "PATTERN",
      help: "search for this too; repeatable, and replaces PATTERN",
    },
    count: { type: "boolean", short: "c", help: "show only how many lines are selected" },
    "files-with-matches": {
      type: "boolean",
      short: "l",
      help: "show only the names of files with selected lines",
    },
    quiet: { type: "boolean", short: "q", help: "show nothing; only set the exit code" },
    "line-number": { type: "boolean", short: "n", help: "show line numbers" },
    "after-context": { type: "string", short: "A", value: "N", help: "show N lines after each" },
    "before-context": { type: "string", short: "B", value: "N", help: "show N lines before each" },
    context: { type: "string", short: "C", value: "N", help: "show N lines before and after each" },
    "max-count": {
      type: "string",
      short: "m",
      value: "N",
      help: "stop after N lines of each file",
    },
    recursive: { type: "boolean", short: "r", help: "accepted; folders are always searched" },
    backward: { type: "boolean", short: "b", help: "search from new to old" },
    since: { type: "string", value: "TIME", help: `from this time on: ${TIME_HELP}` },
    until: { type: "string", value: "TIME", help: "up to this time" },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json", "raw"],
      help: "text: time and message (default); json: one object per line; raw: the message only",
    },
    raw: { type: "boolean", help: "pass control characters of messages to the terminal unescaped" },
    ...colorOption,
  },
  exits:
    "Exit codes: 0 found, 1 nothing found, 2 wrong arguments or a file that cannot be read, 130 interrupted.",
  paths: true,
} as const satisfies Command;
