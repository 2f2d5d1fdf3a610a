import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { UsageError } from "./terminal.ts";

/** An option of a command, for parsing, help and completion. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** The name of its value in help, such as FILE. */
  readonly value?: string;
  /** What it does. */
  readonly help: string;
  /** The values that it accepts, for completion. */
  readonly choices?: readonly string[];
  /** Its value is a path, for completion. */
  readonly path?: true;
}

export type Options = Readonly<Record<string, Option>>;

/** A command from the user's point of view: the only source of its help, its parsing and its completion. */
export interface Command<O extends Options = Options> {
  /** As it is typed, such as "client forward". */
  readonly name: string;
  /** What follows the name, such as "POD... [options]". */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs that describe what it does. */
  readonly description: readonly string[];
  readonly options: O;
  /** Further options that many commands share, under their own heading. */
  readonly exits?: string;
  /** Its words are paths, for completion. */
  readonly paths?: true;
}

/** Accepted by every command. */
const helpOption = { help: { type: "boolean", short: "h", help: "show this help" } } as const;

/** Whether the words ask for help. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  const options = end < 0 ? words : words.slice(0, end);
  return options.includes("--help") || options.includes("-h");
}

/** Parses the words that follow the command's name. Throws UsageError for words that the command does not accept. */
export function parseCommand<const O extends Options>(
  command: Command<O>,
  words: readonly string[],
): Parsed<O> {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short, multiple }]) => [name, {
      type,
      ...(short === undefined ? {} : { short }),
      ...(multiple === undefined ? {} : { multiple }),
    }]),
  );
  try {
    return parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      strict: true,
    }) as unknown as Parsed<O>;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const problem = argumentProblem(error, Object.keys(options));
    throw new UsageError(`${problem}. Try: ${command.name} --help`);
  }
}

/**
 * The error of parseArgs, from its first line, without its advice on dashes but with the option that was probably
 * meant.
 */
function argumentProblem(error: TypeError & { readonly code?: string }, names: string[]): string {
  const [first = ""] = error.message.split("\n");
  const unknown = /^Unknown option '(-[^']*)'/.exec(first);
  if (unknown === null) {
    const ambiguous = /^Option '([^']*)' argument is ambiguous/.exec(first)?.[1];
    return ambiguous === undefined
      ? first.replace(/\.$/, "")
      : `Option '${ambiguous}' needs a value; one that begins with a dash is given as ${ambiguous}=VALUE`;
  }
  const [, given = ""] = unknown;
  const meant = given.startsWith("--") ? nearest(given, names) : null;
  return `Unknown option '${given}'${meant === null ? "" : ` (did you mean --${meant}?)`}`;
}

type Parsed<O extends Options> = {
  readonly values: {
    readonly [K in keyof O]?:
      | undefined
      | (O[K]["type"] extends "boolean" ? boolean
        : O[K] extends { readonly multiple: true } ? readonly string[]
        : string);
  };
  readonly positionals: readonly string[];
};

/** The command's help, with lines of at most `columns` characters. */
export function helpText(command: Command, columns = 80): string {
  const width = Math.max(40, Math.min(columns, 100));
  const rows = Object.entries({ ...command.options, ...helpOption })
    .map(([name, option]) => [optionText(name, option), option.help] as const);
  const exits = command.exits ??
    "Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.";
  return [
    ...wrap(`Usage: ${command.name} ${command.usage}`, width, "       "),
    "",
    ...command.description.flatMap((text) => [...wrap(text, width), ""]),
    "Options:",
    ...table(rows, width),
    "",
    ...wrap(exits, width),
    "",
  ].join("\n");
}

/** Help for a program or a group: its commands in a table. */
export function commandList(
  head: string,
  commands: readonly Pick<Command, "name" | "summary">[],
  foot: string,
  columns = 80,
): string {
  const width = Math.max(40, Math.min(columns, 100));
  return [
    ...wrap(head, width),
    "",
    ...table(commands.map(({ name, summary }) => [name, summary]), width),
    "",
    ...foot.split("\n").flatMap((text) => wrap(text, width)),
    "",
  ].join("\n");
}

function optionText(name: string, { short, value }: Option): string {
  const head = short === undefined ? "    " : `-${short}, `;
  return `${head}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Rows of two columns; a long first column gets its own line. */
function table(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(Math.max(...rows.map(([text]) => text.length)), 26);
  const indent = " ".repeat(left + 4);
  return rows.flatMap(([text, help]) => {
    const lines = wrap(help, width - indent.length);
    if (text.length > left) return [`  ${text}`, ...lines.map((line) => indent + line)];
    return lines.map((line, i) => i === 0 ? `  ${text.padEnd(left)}  ${line}` : indent + line);
  });
}

/** Breaks a text at spaces into lines of at most `width` characters; longer words are not broken. */
export function wrap(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}
