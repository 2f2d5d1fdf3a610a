import { examine, type Finding } from "../agent/doctor.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { readWord } from "./arguments.ts";
import { doctorCommand } from "./agent_commands.ts";
import { asksForHelp, helpText, parseCommand, wrap } from "./command.ts";
import { type ConfigSources, configSources } from "./config_options.ts";
import { countText } from "./output.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";
import { safeJson } from "./terminal_text.ts";

const doctorExit = { ok: 0, warn: 1, error: 2 } as const;
const colors = { ok: 32, warn: 33, error: 31 } as const;

/** `doctor`: reports problems and how to fix them. Resolves to the exit code, by severity. */
export function doctor(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(
    terminal,
    (signal) => runDoctor(args, terminal, signal),
    () => false,
    { failed: doctorExit.error },
  );
}

async function runDoctor(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(doctorCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const { values, positionals: [word] } = parseCommand(doctorCommand, args);
  if (word !== undefined) {
    throw new UsageError(`Unexpected argument ${JSON.stringify(word)}. Try: doctor --help`);
  }
  const format = readWord("--output", values.output, ["text", "json"]);
  const counts = { ok: 0, warn: 0, error: 0 };
  const show = (finding: Finding) => {
    counts[finding.level]++;
    terminal.out(format === "json" ? `${safeJson(finding)}\n` : findingText(finding, terminal));
  };

  const config = await configFindings(configSources(values), show);
  if (config !== null) {
    for await (const finding of examine(config, { signal })) show(finding);
  }
  if (signal.aborted) return exitCode.interrupted;
  if (format === "text") terminal.err(`${summary(counts)}\n`);
  return counts.error > 0 ? doctorExit.error : counts.warn > 0 ? doctorExit.warn : doctorExit.ok;
}

/** Loads the configuration and shows its own findings; null if no agent would start with it. */
async function configFindings(
  sources: ConfigSources,
  show: (finding: Finding) => void,
): Promise<Config | null> {
  const subject = "configuration";
  try {
    const { config, warnings } = await loadConfig(sources);
    for (const text of warnings) show({ subject, level: "warn", text });
    if (warnings.length === 0) {
      show({ subject, level: "ok", text: sources.file ?? "the defaults" });
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    show({ subject, level: "error", text: error.message });
    return null;
  }
}

const SUBJECT_WIDTH = 16;
const LEVEL_WIDTH = 7;

function findingText({ subject, level, text }: Finding, terminal: Terminal): string {
  const width = Math.max((terminal.columns ?? 100) - LEVEL_WIDTH - SUBJECT_WIDTH, 30);
  const [first = "", ...rest] = wrap(text, width);
  const mark = level.padEnd(LEVEL_WIDTH);
  const colored = terminal.color ? `\x1b[${colors[level]}m${mark}\x1b[0m` : mark;
  const indent = " ".repeat(LEVEL_WIDTH + SUBJECT_WIDTH);
  return [
    `${colored}${subject.padEnd(SUBJECT_WIDTH)}${first}`,
    ...rest.map((line) => indent + line),
  ]
    .map((line) => `${line}\n`).join("");
}

function summary({ warn, error }: { readonly warn: number; readonly error: number }): string {
  if (warn + error === 0) return "Nothing to fix.";
  return `To fix: ${countText(error, "error")}, ${countText(warn, "warning")}.`;
}
