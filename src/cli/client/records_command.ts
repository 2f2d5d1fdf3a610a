import { FollowFrom } from "../../generated/cluster_agent.ts";
import { readCount, readWord } from "../arguments.ts";
import { asksForHelp, type Command, helpText, parseCommand } from "../command.ts";
import { useColor } from "../color.ts";
import { loadHighlighter } from "../highlight.ts";
import { Output } from "../output.ts";
import { exitCode, type Terminal, UsageError } from "../terminal.ts";
import { timeArgument } from "../time_argument.ts";
import { backwardCommand, forwardCommand } from "./commands.ts";
import { connectAll } from "./connection_options.ts";
import { RecordsSession } from "../../client/session.ts";
import { parseTarget } from "./target.ts";
import { TargetReader } from "./target_reader.ts";

/** `client forward` and `client backward`. Resolves to the exit code. Rejects with UsageError. */
export async function clientRecords(
  direction: "forward" | "backward",
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const command: Command = direction === "forward" ? forwardCommand : backwardCommand;
  if (asksForHelp(args)) {
    terminal.out(helpText(command, terminal.columns ?? 80));
    return exitCode.done;
  }
  if (direction === "backward" && args.some((arg) => /^(?:-f|--follow\b)/.test(arg))) {
    throw new UsageError("Only client forward can follow a log");
  }
  const { values, positionals } = parseCommand(forwardCommand, args);
  if (direction === "backward" && values.tail !== undefined) {
    throw new UsageError(
      "client backward begins with the last records: use --limit instead of --tail",
    );
  }
  if (positionals.length === 0) {
    throw new UsageError(
      `client ${direction} needs a target: NAMESPACE/POD[/CONTAINER[/ID]]. Try: client list`,
    );
  }
  const wanted = positionals.map(parseTarget);
  const format = readWord("--output", values.output, ["text", "json", "raw"]);
  const limit = readCount("--limit", values.limit);
  const tail = readCount("--tail", values.tail);
  const follow = followFrom(values.follow ?? false, values["follow-from"]);
  if (tail !== null && follow === FollowFrom.END) {
    throw new UsageError("--tail and --follow-from end cannot be combined");
  }
  const now = terminal.now();
  const time = (option: "since" | "until") => {
    const text = values[option];
    return text === undefined ? "" : timeArgument(`--${option}`, text, now);
  };
  const request = {
    start_time: time("since"),
    stop_time: time("until"),
    grep: values.grep ?? "",
    follow_from: follow,
  };
  const color = useColor(values.color, terminal);
  const output = new Output(terminal, {
    format,
    raw: values.raw ?? false,
    color,
    findMatches: color && format !== "json" && request.grep !== ""
      ? await loadHighlighter(request.grep)
      : null,
  });

  using connections = connectAll(values);
  const reader = new TargetReader(terminal, output, connections.all, { limit, follow });
  const session = new RecordsSession({
    direction,
    request,
    tail,
    joinLines: format !== "json",
    ...reader.handlers(),
    signal,
  });
  await reader.open(session, wanted, signal);
  const ending = await session.ended();
  const text = reader.endingText(ending, values.until);
  if (text !== null) terminal.err(`${text}\n`);
  if (ending === "interrupted") return exitCode.interrupted;
  return reader.hasFailed ? exitCode.failed : exitCode.done;
}

function followFrom(follow: boolean, from: string | undefined): FollowFrom {
  const isEnd = readWord("--follow-from", from, ["default", "end"]) === "end";
  if (!follow && from !== undefined) {
    throw new UsageError(
      `--follow-from says where following begins, and this command does not follow. Add --follow${
        isEnd ? "; to see only the last records use: client backward --limit N" : ""
      }`,
    );
  }
  if (!follow) return FollowFrom.NOOP;
  return isEnd ? FollowFrom.END : FollowFrom.DEFAULT;
}
