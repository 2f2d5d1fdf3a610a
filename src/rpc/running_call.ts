import type { ServerUnaryCall } from "@grpc/grpc-js";
import type { EventEmitter } from "node:events";
import { Failure } from "../failure/failure.ts";
import { LONGEST_TIMER_MS } from "../platform/clock.ts";
import { connectionOf, innermostCall, streamClosed } from "./grpc_js/call_stream.ts";
import { resetStream } from "./grpc_js/http2_servers.ts";
import { placeOf } from "./grpc_js/call_places.ts";

/**
 * How a call ends when the agent stops. "unary" and "stream" may finish. "unbounded" waits for new data, and is ended.
 * "probe" is answered until the end, and delays nothing.
 */
export type CallKind = "unary" | "stream" | "unbounded" | "probe";

/** What unary and streaming calls of grpc-js have in common. */
export type ServerCall =
  & Pick<
    ServerUnaryCall<unknown, unknown>,
    "cancelled" | "metadata" | "getDeadline" | "getAuthContext"
  >
  & EventEmitter;

/** How long an evicted call may take to send its status, which its client may not read. */
const LAST_WORDS_MS = 1000;

/**
 * One call between its admission and its end, and the facts that are reported about it. Made by Calls; the call's work
 * may add to its facts.
 */
export class RunningCall {
  readonly kind: CallKind;
  readonly startedMs = performance.now();
  /** The HTTP/2 session of the call; null if it is gone. */
  readonly connection: object | null;
  /** Whether the client went away, or its deadline passed. */
  cancelled = false;
  /** The caller for log lines, without secrets. */
  identity = "";
  /** Whom it counts for in limits: the whole reviewed identity. "" until it is known. */
  user = "";
  namespaces: readonly string[] = [];
  records = 0;
  bytes = 0;
  readonly #controller = new AbortController();
  readonly #call: ServerCall;
  readonly #held = new DisposableStack();
  readonly #finished = new DisposableStack();
  #deadlineTimer: ReturnType<typeof setTimeout> | undefined;
  #isEvicted = false;
  /** Work and status are done; only data that the client has not read is left. */
  #isReleased = false;

  constructor(call: ServerCall, kind: CallKind) {
    this.kind = kind;
    this.connection = connectionOf(call);
    this.#call = call;
    call.on("cancelled", this.#cancel);
    if (call.cancelled) this.#cancel();
    // grpc-js answers a passed deadline, but does not emit it while the client reads nothing.
    const left = Number(call.getDeadline()) - Date.now();
    if (left < LONGEST_TIMER_MS) this.#deadlineTimer = setTimeout(this.#cancel, Math.max(left, 0));
  }

  /** Fires when the call must stop; its reason is the error that the call ends with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Its place is needed: ends the call, and discards what the client does not read of it. */
  evict(reason: Error): void {
    this.#isEvicted = true;
    this.abort(reason);
    // Not within somebody else's call.
    if (this.#isReleased) setImmediate(() => this.#reset());
  }

  /** The call counts for its user from now on. */
  claim(): void {
    placeOf(this.#call)?.claim();
  }

  /** The headers are no longer needed: some are large, and a call may be long. */
  dropHeaders(): void {
    const { metadata } = this.#call;
    for (const name of Object.keys(metadata.getMap())) metadata.remove(name);
    placeOf(this.#call)?.dropHeaders();
  }

  /** Ends the call when the signal fires, with its reason. */
  endWith(signal: AbortSignal): void {
    const end = () => this.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    this.#finished.defer(() => signal.removeEventListener("abort", end));
  }

  /** Keeps what the call has taken from a limit until its last byte has left. */
  hold(lease: Disposable): void {
    this.#held.use(lease);
  }

  /** The work is done: stops listening to the client. */
  finish(): void {
    clearTimeout(this.#deadlineTimer);
    this.#call.off("cancelled", this.#cancel);
    this.#finished.dispose();
  }

  /**
   * Called after the status was passed to grpc-js: releases the call's resources as soon as the HTTP/2 stream is
   * closed.
   */
  release(): void {
    this.#isReleased = true;
    const closed = streamClosed(this.#call);
    if (closed === null) return this.#held.dispose();
    const timer = this.#isEvicted ? setTimeout(() => this.#reset(), LAST_WORDS_MS) : undefined;
    void closed.then(() => {
      clearTimeout(timer);
      this.#held.dispose();
    });
  }

  #reset(): void {
    const stream = innermostCall(this.#call)?.stream;
    if (stream?.destroyed === false) resetStream(stream);
  }

  readonly #cancel = () => {
    this.cancelled = true;
    this.abort(new Failure("cancelled", "The client cancelled the call, or its deadline passed"));
  };
}
