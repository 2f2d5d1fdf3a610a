import { status as Status } from "@grpc/grpc-js";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import type { EventEmitter } from "node:events";
import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { noTraces, type StartCallSpan } from "../telemetry/traces.ts";
import { type CallStatus, statusName, toStatus } from "./status.ts";

/**
 * What becomes of a call when the agent stops: unary calls and streams of what is already written
 * may finish, streams that wait for what is new are ended.
 */
export type CallKind = "unary" | "stream" | "endless";

/** What unary and streaming calls of grpc-js have in common. */
export type ServerCall =
  & Pick<
    ServerUnaryCall<unknown, unknown>,
    "cancelled" | "metadata" | "getDeadline" | "getAuthContext"
  >
  & EventEmitter;

export const SHUTTING_DOWN = "Server is shutting down";

/** setTimeout fires at once for longer delays. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All calls that are running: their number is limited, and they can be drained and cut. */
export class Calls {
  readonly #running = new Set<RunningCall>();
  readonly #streamsByUser = new Map<string, number>();
  readonly #limits: { readonly maxStreams: number; readonly maxStreamsPerUser: number };
  readonly #report: Report;
  readonly #startCallSpan: StartCallSpan;
  #streams = 0;
  #draining = false;
  #idle: (() => void) | null = null;

  constructor(
    options: {
      readonly limits: { readonly maxStreams: number; readonly maxStreamsPerUser: number };
      readonly report: Report;
      readonly startCallSpan?: StartCallSpan;
    },
  ) {
    this.#limits = options.limits;
    this.#report = options.report;
    this.#startCallSpan = options.startCallSpan ?? noTraces;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams;
  }

  /** Runs one call to its end; work's error becomes its status. Resolves with the status. */
  async run(
    call: ServerCall,
    options: { readonly method: string; readonly kind: CallKind },
    work: (running: RunningCall) => Promise<void>,
  ): Promise<CallStatus> {
    const running = new RunningCall(call, options.kind);
    this.#running.add(running);
    this.#report({ type: "call-started", method: options.method });
    const span = this.#startCallSpan(
      options.method,
      call.metadata.get("traceparent")[0]?.toString(),
    );
    let user: string | null = null;
    let error: unknown = null;
    try {
      if (this.#draining) throw new Failure("unavailable", SHUTTING_DOWN);
      running.onAdmitted = (identity) => {
        if (options.kind === "unary") return;
        this.#takeStream(identity);
        user = identity;
      };
      await work(running);
      // Work that stopped because it was told to did not finish.
      running.signal.throwIfAborted();
    } catch (thrown) {
      error = running.signal.aborted ? running.signal.reason : thrown;
    } finally {
      running.close();
      this.#running.delete(running);
      if (user !== null) this.#giveBackStream(user);
    }
    const status = error === null ? OK : toStatus(error);
    const code = running.cancelled ? "CANCELLED" : statusName(status.code);
    span.end(code);
    this.#report({
      type: "call-ended",
      method: options.method,
      code,
      identity: running.identity,
      namespaces: running.namespaces,
      records: running.records,
      bytes: running.bytes,
      milliseconds: performance.now() - running.startedMs,
      ...(error === null || running.cancelled ? {} : { error: explain(error) }),
    });
    if (this.#running.size === 0) this.#idle?.();
    return status;
  }

  /** From now on calls are refused, and endless ones end. Resolves when none is left. */
  drain(): Promise<void> {
    this.#draining = true;
    for (const running of this.#running) {
      if (running.kind === "endless") running.abort(new Failure("unavailable", SHUTTING_DOWN));
    }
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle = resolve);
  }

  /** Ends whatever is still running. */
  cut(): void {
    for (const running of this.#running) running.abort(new Failure("unavailable", SHUTTING_DOWN));
  }

  #takeStream(user: string): void {
    const { maxStreams, maxStreamsPerUser } = this.#limits;
    if (this.#streams >= maxStreams) {
      throw new Failure(
        "resource-exhausted",
        `Cannot open another stream: the agent serves at most ${maxStreams} at once (limits.max-streams)`,
      );
    }
    const count = this.#streamsByUser.get(user) ?? 0;
    if (count >= maxStreamsPerUser) {
      throw new Failure(
        "resource-exhausted",
        `Cannot open another stream: a user may have at most ${maxStreamsPerUser} at once (limits.max-streams-per-user)`,
      );
    }
    this.#streams++;
    this.#streamsByUser.set(user, count + 1);
  }

  #giveBackStream(user: string): void {
    this.#streams--;
    const count = (this.#streamsByUser.get(user) ?? 0) - 1;
    if (count > 0) this.#streamsByUser.set(user, count);
    else this.#streamsByUser.delete(user);
  }
}

const OK: CallStatus = { code: Status.OK, details: "OK" };

/** One call on its way, and what will be told of it. */
export class RunningCall {
  readonly kind: CallKind;
  readonly startedMs = performance.now();
  /** True when the client went away, or its deadline passed. */
  cancelled = false;
  identity = "";
  namespaces: readonly string[] = [];
  records = 0;
  bytes = 0;
  onAdmitted: (identity: string) => void = () => {};
  readonly #controller = new AbortController();
  readonly #call: ServerCall;
  #deadlineTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: ServerCall, kind: CallKind) {
    this.kind = kind;
    this.#call = call;
    call.on("cancelled", this.#cancel);
    if (call.cancelled) this.#cancel();
    // grpc-js answers a passed deadline but tells nobody as long as the client reads nothing.
    const left = Number(call.getDeadline()) - Date.now();
    if (left < MAX_TIMER_MS) this.#deadlineTimer = setTimeout(this.#cancel, Math.max(left, 0));
  }

  /** Fires when the call must stop, with a Failure as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The caller may go on: counts the stream against the limits. Throws Failure resource-exhausted. */
  admitted(): void {
    this.onAdmitted(this.identity);
  }

  abort(reason: Failure): void {
    this.#controller.abort(reason);
  }

  close(): void {
    clearTimeout(this.#deadlineTimer);
    this.#call.off("cancelled", this.#cancel);
  }

  readonly #cancel = () => {
    this.cancelled = true;
    this.abort(new Failure("cancelled", "The client cancelled the call, or its deadline passed"));
  };
}

/** Why a call failed, for the log: an unexpected error's own words, which the caller does not see. */
function explain(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
