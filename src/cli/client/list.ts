import type { LogMetadata } from "../../generated/cluster_agent.ts";
import { readArguments, readWord } from "../arguments.ts";
import { countText, metadataJson, Output, sizeText, timeText } from "../output.ts";
import { exitCode, type Terminal } from "../terminal.ts";
import { list } from "./calls.ts";
import { connect, connectionHelp, connectionOptions } from "./connection.ts";

export const listHelp = `client list [NAMESPACE]... [options]

Lists the container logs of an agent's node: of the namespaces, or of all that the caller may read.

  -o, --output text|json    a table (default), or one JSON object a line
${connectionHelp.slice(1)}`;

export async function clientList(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = readArguments(args, {
    ...connectionOptions,
    output: { type: "string", short: "o" },
  });
  const output = new Output(terminal, readWord("--output", values.output, ["text", "json"]));
  using connection = connect(values);
  const logs = (await list(connection, positionals, { signal })).sort((a, b) =>
    key(a) < key(b) ? -1 : 1
  );
  if (output.format === "json") {
    for (const log of logs) output.line(JSON.stringify(metadataJson(log)));
  } else {
    output.table([
      ["NAMESPACE", "POD", "CONTAINER", "ID", "SIZE", "LAST CHANGE"],
      ...logs.map(({ spec, fileInfo }) => [
        spec?.namespace ?? "",
        spec?.pod_name ?? "",
        spec?.container_name ?? "",
        (spec?.container_id ?? "").slice(0, 12),
        sizeText(Number(fileInfo?.size ?? 0n)),
        timeText(fileInfo?.last_modified_at).replace(/(\.\d+)?Z$/, "Z"),
      ]),
    ]);
  }
  output.flush();
  terminal.err(`${countText(logs.length, "log")}.\n`);
  return exitCode.done;
}

function key({ spec }: LogMetadata): string {
  return [spec?.namespace, spec?.pod_name, spec?.container_name, spec?.container_id].join("\0");
}
