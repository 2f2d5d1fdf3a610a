import type { LogMetadataWatchEvent } from "../../generated/cluster_agent.ts";
import { readArguments, readCount, readWord } from "../arguments.ts";
import { countText, logName, metadataJson, Output, sizeText, timeText } from "../output.ts";
import { exitCode, type Terminal } from "../terminal.ts";
import { readStream } from "./calls.ts";
import { connect, connectionHelp, connectionOptions } from "./connection.ts";

export const watchHelp = `client watch [NAMESPACE]... [options]

Shows from now on which logs appear, change and go, until Ctrl-C.

      --limit N             end after N events
  -o, --output text|json    a line for each event (default), or one JSON object a line
${connectionHelp.slice(1)}`;

export async function clientWatch(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = readArguments(args, {
    ...connectionOptions,
    limit: { type: "string", short: "n" },
    output: { type: "string", short: "o" },
  });
  const output = new Output(terminal, readWord("--output", values.output, ["text", "json"]));
  const limit = readCount("--limit", values.limit);
  using connection = connect(values);

  let count = 0;
  const call = connection.metadata.watch({ namespaces: positionals }, connection.identity);
  call.on("metadata", () => terminal.err(`Watching ${connection.address}; Ctrl-C ends.\n`));
  const ending = await readStream(call, `watch the logs of ${connection.address}`, {
    onMessage(event: LogMetadataWatchEvent) {
      show(event, output);
      return ++count !== limit;
    },
    onPause: () => output.flush(),
  }, { signal });
  terminal.err(`${
    {
      complete: `The agent ended the watch after ${countText(count, "event")}.`,
      enough: `Ended at --limit: ${countText(count, "event")}.`,
      interrupted: `Interrupted after ${countText(count, "event")}.`,
    }[ending]
  }\n`);
  return ending === "interrupted" ? exitCode.interrupted : exitCode.done;
}

function show({ type, object }: LogMetadataWatchEvent, output: Output): void {
  if (object === undefined) return;
  if (output.format === "json") {
    output.line(JSON.stringify({ type, object: metadataJson(object) }));
    return;
  }
  const { fileInfo } = object;
  const size = sizeText(Number(fileInfo?.size ?? 0n));
  const facts = type === "DELETED" ? "" : `  ${size}  ${timeText(fileInfo?.last_modified_at)}`;
  output.line(`${type.padEnd(8)}  ${logName(object)}/${object.id.slice(0, 12)}${facts}`);
}
