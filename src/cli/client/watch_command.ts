import type { LogMetadataWatchEvent } from "../../generated/cluster_agent.ts";
import { readCount, readWord } from "../arguments.ts";
import { asksForHelp, helpText, parseCommand } from "../command.ts";
import { logName, timeText } from "../../client/names.ts";
import { countText, metadataJson, Output, sizeText } from "../output.ts";
import { exitCode, type Terminal } from "../terminal.ts";
import { safeJson } from "../terminal_text.ts";
import { explained, list, readStream } from "../../client/agent_calls.ts";
import { watchCommand } from "./commands.ts";
import type { Connection } from "../../client/agent_connection.ts";
import { connectAll } from "./connection_options.ts";

/** `client watch`. Resolves to the exit code; rejects with CallError if the only agent failed. */
export async function clientWatch(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(watchCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const { values, positionals } = parseCommand(watchCommand, args);
  const format = readWord("--output", values.output, ["text", "json"]);
  const output = new Output(terminal, { format });
  const limit = readCount("--limit", values.limit);
  using connections = connectAll(values);

  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let count = 0;
  const watchOne = async (connection: Connection) => {
    const call = connection.metadata.watch({ namespaces: [...positionals] }, connection.identity);
    call.on("metadata", () => {
      terminal.err(`Watching ${connection.address}; Ctrl-C ends.\n`);
      noteUnknown(connection, positionals, terminal, either);
    });
    try {
      return await readStream(call, `watch the logs of ${connection.address}`, {
        onMessage(event: LogMetadataWatchEvent) {
          if (count === limit) return false;
          show(event, output);
          return ++count !== limit;
        },
        onPause: () => output.flush(),
      }, { signal: either });
    } catch (error) {
      throw await explained(error, connection);
    }
  };
  const endings = await Promise.allSettled(connections.all.map(async (connection) => {
    try {
      const ending = await watchOne(connection);
      if (ending === "enough") stop.abort();
      return ending;
    } catch (error) {
      // Printed at once: the other agents' watches may run for long.
      if (connections.all.length > 1) terminal.err(`${(error as Error).message}\n`);
      throw error;
    }
  }));
  const failed = endings.find((ending) => ending.status === "rejected");
  if (connections.all.length === 1 && failed !== undefined) throw failed.reason;
  const events = countText(count, "event");
  if (signal.aborted) {
    terminal.err(`Interrupted after ${events}.\n`);
    return exitCode.interrupted;
  }
  terminal.err(
    stop.signal.aborted
      ? `Ended at --limit: ${events}.\n`
      : `The watch has ended after ${events}.\n`,
  );
  return failed === undefined ? exitCode.done : exitCode.failed;
}

/** Reports namespaces without logs so far: their names may be misspelled. */
function noteUnknown(
  connection: Connection,
  namespaces: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): void {
  if (namespaces.length === 0) return;
  list(connection, namespaces, { signal }).then((logs) => {
    for (const name of namespaces) {
      if (logs.some(({ spec }) => spec?.namespace === name)) continue;
      terminal.err(`No logs of namespace ${name} on ${connection.address} yet.\n`);
    }
  }, () => {}); // The watch itself reports the error.
}

function show({ type, object }: LogMetadataWatchEvent, output: Output): void {
  if (object === undefined) return;
  if (output.format === "json") {
    output.line(safeJson({ type, object: metadataJson(object) }));
    return;
  }
  const { fileInfo } = object;
  const size = sizeText(Number(fileInfo?.size ?? 0n));
  const facts = type === "DELETED" ? "" : `  ${size}  ${timeText(fileInfo?.last_modified_at)}`;
  output.line(`${type.padEnd(8)}  ${logName(object)}/${object.id.slice(0, 12)}${facts}`);
}
