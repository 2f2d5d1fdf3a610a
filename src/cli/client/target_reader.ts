import { Failure } from "../../failure/failure.ts";
import { FollowFrom } from "../../generated/cluster_agent.ts";
import { logName } from "../../client/names.ts";
import { countText, type Output } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { fromEach, list } from "../../client/agent_calls.ts";
import type { Connection } from "../../client/agent_connection.ts";
import type { NodeLog, RecordsSession, SessionEnding } from "../../client/session.ts";
import { notFoundText, select, type Selection, type Target } from "./target.ts";

/**
 * Prints what happens while targets are read: records with the names of their logs, logs that appear and disappear,
 * errors, and how it ended. Its handlers are passed to the session, which opens and merges the logs. Made by the
 * command for each call.
 */
export class TargetReader {
  readonly #terminal: Terminal;
  readonly #output: Output;
  readonly #connections: readonly Connection[];
  readonly #limit: number | null;
  readonly #follow: FollowFrom;
  #names: "none" | "pod" | "namespace" = "none";
  #logs = 0;
  #count = 0;
  #isGone = false;
  hasFailed = false;

  constructor(
    terminal: Terminal,
    output: Output,
    connections: readonly Connection[],
    options: { readonly limit: number | null; readonly follow: FollowFrom },
  ) {
    this.#terminal = terminal;
    this.#output = output;
    this.#connections = connections;
    this.#limit = options.limit;
    this.#follow = options.follow;
  }

  handlers() {
    return {
      onRecord: (record: Parameters<Output["record"]>[0], of: NodeLog) => {
        this.#output.record(record, this.#named(of));
        return ++this.#count !== this.#limit;
      },
      onPause: () => this.#output.flush(),
      onOpen: (of: NodeLog, isNew: boolean) => {
        this.#logs++;
        if (isNew) this.#terminal.err(`+ ${this.#nameOf(of)}\n`);
      },
      onGone: (of: NodeLog) => {
        this.#isGone = true;
        if (this.#names !== "none") this.#terminal.err(`- ${this.#nameOf(of)}: the log is gone\n`);
      },
      onError: (error: unknown) => this.#fail(error),
    };
  }

  /**
   * Opens the logs that the targets name on every agent. Throws Failure if they name none, and the error if no agent
   * answers.
   */
  async open(
    session: RecordsSession,
    targets: readonly Target[],
    signal: AbortSignal,
  ): Promise<void> {
    const namespaces = [...new Set(targets.map(({ namespace }) => namespace))];
    const isFollowing = this.#follow !== FollowFrom.NOOP;
    const { answers, errors, answered } = await fromEach(
      this.#connections,
      async (connection) =>
        (await list(connection, namespaces, { signal })).map((log) => ({ connection, log })),
    );
    if (answers.length === 0) throw errors[0];
    for (const error of errors) this.#fail(error);
    let logs = answers.flat();
    let resolved = this.#resolve(targets, logs);
    const missing = resolved.filter((one) => one.logs.length === 0);
    const where = this.#connections.length === 1 ? "this node" : "these nodes";
    for (const { selection: { target } } of missing) {
      const known = logs.some(({ log }) => log.spec?.namespace === target.namespace);
      if (!known || !isFollowing) {
        const others = known ? logs : await this.#otherLogs(signal);
        throw new Failure(
          "not-found",
          notFoundText(target, others.map(({ log }) => log), where),
        );
      }
      this.#terminal.err(`No log of ${target.text} on ${where} yet; waiting for one.\n`);
    }
    const growing = isFollowing
      ? resolved.map(({ selection }) => selection).filter(({ target }) => target.id === null)
      : [];
    if (growing.length > 0) {
      const selections = growing.map(({ target, includes }) => ({
        namespace: target.namespace,
        includes,
      }));
      const holds = growing.some(({ isExact }) => !isExact);
      await Promise.all(
        answered.map((connection) => session.watch(connection, selections, { holds })),
      );
      // Logs that appeared before the watch began.
      const again = await fromEach(
        answered,
        async (connection) =>
          (await list(connection, namespaces, { signal })).map((log) => ({ connection, log })),
      );
      if (again.answers.length > 0) {
        logs = again.answers.flat();
        resolved = this.#resolve(targets, logs);
      }
    }
    session.know(logs);
    const chosen = [...new Set(resolved.flatMap((one) => one.logs))];
    this.#chooseNames(resolved.map(({ selection }) => selection), chosen);
    session.read(chosen);
  }

  /** How it ended, in words; null if an error already said so. */
  endingText(ending: SessionEnding, until: string | undefined): string | null {
    const records = countText(this.#count, "record") +
      (this.#logs > 1 ? ` of ${this.#logs} logs` : "");
    switch (ending) {
      case "enough":
        return `Ended at --limit: ${records}.`;
      case "interrupted":
        return `Interrupted after ${records}.`;
      case "complete":
        if (this.hasFailed && this.#logs === 1) return null;
        if (!this.#isGone) return `${records}.`;
        return until === undefined
          ? `The log is gone; its pod or container was removed: ${records}.`
          : `--until ${until} has come, or the log is gone: ${records}.`;
    }
  }

  #resolve(targets: readonly Target[], logs: readonly NodeLog[]) {
    return targets.map((target) => {
      const { selection, logs: chosen } = select(target, logs.map(({ log }) => log));
      return { selection, logs: logs.filter(({ log }) => chosen.includes(log)) };
    });
  }

  /** Logs of all namespaces, to show what exists; none if the caller may not list them. */
  async #otherLogs(signal: AbortSignal): Promise<NodeLog[]> {
    const { answers } = await fromEach(
      this.#connections,
      async (connection) =>
        (await list(connection, [], { signal })).map((log) => ({ connection, log })),
    );
    return answers.flat();
  }

  #chooseNames(selections: readonly Selection[], logs: readonly NodeLog[]): void {
    const isFollowing = this.#follow !== FollowFrom.NOOP;
    const many = logs.length > 1 || isFollowing && selections.some(({ isExact }) => !isExact);
    const namespaces = new Set(selections.map(({ target }) => target.namespace));
    this.#names = !many ? "none" : namespaces.size > 1 ? "namespace" : "pod";
  }

  #named(of: NodeLog) {
    if (this.#names === "none") return {};
    const { spec, id } = of.log;
    return {
      name: this.#nameOf(of),
      fields: {
        namespace: spec?.namespace,
        pod: spec?.pod_name,
        container: spec?.container_name,
        container_id: id,
        node: spec?.node_name,
      },
    };
  }

  #nameOf({ log }: NodeLog): string {
    const name = logName(log);
    return this.#names === "namespace" ? name : name.slice(name.indexOf("/") + 1);
  }

  #fail(error: unknown): void {
    this.hasFailed = true;
    this.#terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
