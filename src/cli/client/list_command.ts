import { fromEach, list } from "../../client/agent_calls.ts";
import { timeText } from "../../client/names.ts";
import type { LogMetadata } from "../../generated/cluster_agent.ts";
import { readWord } from "../arguments.ts";
import { asksForHelp, helpText, parseCommand } from "../command.ts";
import { ageText, countText, metadataJson, Output, sizeText, tableWidth } from "../output.ts";
import { exitCode, type Terminal } from "../terminal.ts";
import { safeJson } from "../terminal_text.ts";
import { listCommand } from "./commands.ts";
import { connectAll } from "./connection_options.ts";
import { unknownNamespaceText } from "./target.ts";

/** `client list`. Resolves to the exit code; rejects with CallError if no agent answered. */
export async function clientList(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(listCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const { values, positionals: namespaces } = parseCommand(listCommand, args);
  const format = readWord("--output", values.output, ["text", "json"]);
  const output = new Output(terminal, { format });
  using connections = connectAll(values);
  const { answers, errors } = await fromEach(
    connections.all,
    (connection) => list(connection, namespaces, { signal }),
  );
  if (answers.length === 0) throw errors[0];
  for (const error of errors) terminal.err(`${(error as Error).message}\n`);
  const logs = answers.flat().sort((a, b) => key(a) < key(b) ? -1 : 1);
  if (format === "json") {
    for (const log of logs) output.line(safeJson(metadataJson(log)));
  } else if (logs.length > 0) output.table(tableOf(logs, connections.all.length > 1, terminal));
  output.flush();

  const unknown = namespaces.filter((name) => !logs.some(({ spec }) => spec?.namespace === name));
  if (unknown.length > 0) {
    const everything = await fromEach(
      connections.all,
      (connection) => list(connection, [], { signal }),
    );
    const where = connections.all.length > 1 ? "these nodes" : "this node";
    for (const name of unknown) {
      terminal.err(`${unknownNamespaceText(name, everything.answers.flat(), where)}\n`);
    }
  }
  if (logs.length > 0 || unknown.length === 0) terminal.err(`${countText(logs.length, "log")}.\n`);
  return errors.length > 0 || unknown.length > 0 ? exitCode.failed : exitCode.done;
}

/** The table; if it is wider than the terminal, it shows the modification time as an age. */
function tableOf(
  logs: readonly LogMetadata[],
  withNode: boolean,
  terminal: Terminal,
): readonly (readonly string[])[] {
  const rows = (lastChange: string, show: (log: LogMetadata) => string) => [
    [
      ...withNode ? ["NODE"] : [],
      ...["NAMESPACE", "POD", "CONTAINER", "ID", "SIZE", lastChange],
    ],
    ...logs.map((log) => [
      ...withNode ? [log.spec?.node_name ?? ""] : [],
      log.spec?.namespace ?? "",
      log.spec?.pod_name ?? "",
      log.spec?.container_name ?? "",
      (log.spec?.container_id ?? "").slice(0, 12),
      sizeText(Number(log.fileInfo?.size ?? 0n)),
      show(log),
    ]),
  ];
  const full = rows(
    "LAST CHANGE",
    ({ fileInfo }) => timeText(fileInfo?.last_modified_at).replace(/(\.\d+)?Z$/, "Z"),
  );
  if (terminal.columns === null || tableWidth(full) <= terminal.columns) return full;
  return rows(
    "AGE",
    ({ fileInfo }) =>
      ageText(terminal.now() / 1000 - Number(fileInfo?.last_modified_at?.seconds ?? 0n)),
  );
}

function key({ spec }: LogMetadata): string {
  return [
    spec?.namespace,
    spec?.pod_name,
    spec?.container_name,
    spec?.container_id,
    spec?.node_name,
  ].join("\0");
}
