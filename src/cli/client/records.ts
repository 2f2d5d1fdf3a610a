import { FollowFrom, type LogRecord } from "../../generated/cluster_agent.ts";
import { readArguments, readCount, readWord } from "../arguments.ts";
import { moment } from "../moment.ts";
import { countText, Output } from "../output.ts";
import { exitCode, type Terminal, UsageError } from "../terminal.ts";
import { type Ending, list, readStream } from "./calls.ts";
import { connect, type Connection, connectionHelp, connectionOptions } from "./connection.ts";
import { choose, parseTarget, type Target } from "./target.ts";

const selectionHelp = `
  -g, --grep PATTERN        only records whose message matches: a regular expression in the syntax of Rust's
                            regex crate; (?i) at its beginning ignores case
      --since TIME          from this time on: 2024-10-01T05:00:00Z, or how long ago: 90s, 5m, 1h30m, 2d
      --until TIME          to this time
  -n, --limit N             end after N records
  -o, --output text|json    time and message (default), or one JSON object a line`;

export const forwardHelp = `client forward NAMESPACE/POD[/CONTAINER[/ID]] [options]

Reads a container's log from old to new. Without ID: the newest log of the container.

  -f, --follow              go on with what is written from now on, until Ctrl-C or the log is gone
      --follow-from WORD    default: what is there first, then what is new; end: only what is new${selectionHelp}
${connectionHelp.slice(1)}`;

export const backwardHelp = `client backward NAMESPACE/POD[/CONTAINER[/ID]] [options]

Reads a container's log from new to old: with --limit 5 the last 5 records. Without ID: the newest log of the container.
${selectionHelp}
${connectionHelp.slice(1)}`;

/** `client forward` and `client backward`. */
export async function clientRecords(
  direction: "forward" | "backward",
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = readArguments(args, {
    ...connectionOptions,
    grep: { type: "string", short: "g" },
    since: { type: "string" },
    until: { type: "string" },
    limit: { type: "string", short: "n" },
    output: { type: "string", short: "o" },
    follow: { type: "boolean", short: "f" },
    "follow-from": { type: "string" },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    throw new UsageError(`client ${direction} takes one log: NAMESPACE/POD/CONTAINER[/ID]`);
  }
  const target = parseTarget(name);
  const output = new Output(terminal, readWord("--output", values.output, ["text", "json"]));
  const limit = readCount("--limit", values.limit);
  const follow = followFrom(direction, values.follow ?? false, values["follow-from"]);
  const now = terminal.now();
  const time = (option: "since" | "until") => {
    const text = values[option];
    return text === undefined ? "" : moment(`--${option}`, text, now);
  };

  const selection = {
    start_time: time("since"),
    stop_time: time("until"),
    grep: values.grep ?? "",
    follow_from: follow,
  };

  using connection = connect(values);
  const request = { ...await locate(connection, target, terminal, signal), ...selection };
  const call = direction === "forward"
    ? connection.records.streamForward(request, connection.identity)
    : connection.records.streamBackward(request, connection.identity);

  let count = 0;
  const ending = await readStream(call, `read ${name}`, {
    onMessage(record: LogRecord) {
      output.record(record);
      return ++count !== limit;
    },
    onPause: () => output.flush(),
  }, { signal });
  const until = values.until;
  terminal.err(`${endingText(ending, { count, direction, follow, until })}\n`);
  return ending === "interrupted" ? exitCode.interrupted : exitCode.done;
}

function followFrom(
  direction: "forward" | "backward",
  follow: boolean,
  from: string | undefined,
): FollowFrom {
  if (!follow && from === undefined) return FollowFrom.NOOP;
  if (direction === "backward") throw new UsageError("Only client forward can follow a log");
  return readWord("--follow-from", from, ["default", "end"]) === "end"
    ? FollowFrom.END
    : FollowFrom.DEFAULT;
}

/** The four fields that name a log; without an id or a container, what the agent lists decides. */
async function locate(
  connection: Connection,
  target: Target,
  terminal: Terminal,
  signal: AbortSignal,
) {
  const { namespace, pod, container, id } = target;
  if (container !== null && id !== null) {
    return { namespace, pod_name: pod, container_name: container, container_id: id };
  }
  const { log, older } = choose(target, await list(connection, [namespace], { signal }));
  if (older.length > 0) {
    const ids = older.map(({ id }) => id).join(", ");
    terminal.err(`The newest of ${older.length + 1} logs: ${log.id}; the others: ${ids}\n`);
  }
  return {
    namespace,
    pod_name: pod,
    container_name: log.spec?.container_name ?? "",
    container_id: log.id,
  };
}

/** The stream's end, in words. */
function endingText(
  ending: Ending,
  facts: {
    count: number;
    direction: "forward" | "backward";
    follow: FollowFrom;
    until: string | undefined;
  },
): string {
  const records = countText(facts.count, "record");
  switch (ending) {
    case "enough":
      return `Ended at --limit: ${records}.`;
    case "interrupted":
      return `Interrupted after ${records}.`;
    case "complete":
      if (facts.direction === "backward") return `Beginning of what was asked for: ${records}.`;
      if (facts.follow === FollowFrom.NOOP) return `End of what was asked for: ${records}.`;
      return facts.until === undefined
        ? `The log is gone, its pod or container was removed: ${records}.`
        : `--until ${facts.until} has come, or the log is gone: ${records}.`;
  }
}
