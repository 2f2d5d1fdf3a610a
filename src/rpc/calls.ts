import { status as Status } from "@grpc/grpc-js";
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerWritableStream,
} from "@grpc/grpc-js";
import { Failure } from "../failure/failure.ts";
import { thrownText } from "../failure/thrown_text.ts";
import type { Report } from "../telemetry/events.ts";
import { noTraces, type StartCallSpan } from "../telemetry/traces.ts";
import type { CallAuthorizer } from "./call_authorizer.ts";
import type { CallLimits } from "./call_limits.ts";
import { peerOf } from "./grpc_js/connections.ts";
import { checkedOnce, emptyRequest } from "./checked_request.ts";
import { FairTurns } from "./limits/fair_turns.ts";
import type { PeerCheck } from "./verified_peers.ts";
import { type CallKind, RunningCall, type ServerCall } from "./running_call.ts";
import { type CallStatus, statusName, toStatus } from "./status.ts";

const SHUTTING_DOWN = "Server is shutting down";

type Authorization = Pick<CallAuthorizer, "identify" | "userKey" | "authorize" | "recheck">;

/** What the owner of its calls must know about a method. */
export interface Method<Request, Checked> {
  /** Service/Method, such as cluster_agent.LogMetadataService/List. */
  readonly name: string;
  readonly kind: CallKind | ((request: Request) => CallKind);
  /**
   * Returns the checked request as a separate value, because the request is emptied afterwards; the caller is
   * identified by then. Throws Failure invalid-argument.
   */
  check(request: Request): Checked;
  /** The namespaces whose logs the call reads (empty: all of them); "public": anyone may call. */
  readonly access: "public" | ((checked: Checked) => readonly string[]);
  /** The memory of the checked request, in bytes. Default: 0, too little to count. */
  readonly memory?: (checked: Checked) => number;
}

/**
 * Owns every call from its admission to its end, in this order: check that the agent is not stopping and that the
 * connection's certificate is still valid, take from the limits of the connection, identify the caller, check the
 * request, take from the limits of the user, authorize, run the work with re-checks, send the status, and return what
 * was taken from limits. An error in any step ends the call with the status that status.ts maps it to.
 */
export class Calls {
  readonly #running = new Set<RunningCall>();
  readonly #authorizer: Authorization;
  readonly #peers: PeerCheck | null;
  readonly #limits: CallLimits;
  readonly #report: Report;
  readonly #startCallSpan: StartCallSpan;
  readonly #turns = new FairTurns();
  #draining = false;
  #onIdle: (() => void) | null = null;

  constructor(
    options: {
      readonly authorizer: Authorization;
      /** Null if clients present no certificate. */
      readonly peers?: PeerCheck | null;
      readonly limits: CallLimits;
      readonly report: Report;
      readonly startCallSpan?: StartCallSpan;
    },
  ) {
    this.#authorizer = options.authorizer;
    this.#peers = options.peers ?? null;
    this.#limits = options.limits;
    this.#report = options.report;
    this.#startCallSpan = options.startCallSpan ?? noTraces;
  }

  /** The handler of a unary method; work returns the response. */
  unary<Request, Response, Checked>(
    method: Method<Request, Checked>,
    work: (running: RunningCall, checked: Checked) => Promise<Response> | Response,
  ): handleUnaryCall<Request, Response> {
    return (call, respond) => {
      let response: Response | null = null;
      this.#start(call, method, call.request, async (running, checked) => {
        response = await work(running, checked);
      }, (status) => status.code === Status.OK ? respond(null, response) : respond(status));
    };
  }

  /** The handler of a method that answers with a stream; the stream ends when work does. */
  serverStream<Request, Response, Checked>(
    method: Method<Request, Checked>,
    work: (
      running: RunningCall,
      checked: Checked,
      call: ServerWritableStream<Request, Response>,
    ) => Promise<void>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      this.#start(
        call,
        method,
        call.request,
        (running, checked) => work(running, checked, call),
        (status) => endStream(call, status),
      );
    };
  }

  /** The handler of a method with streams in both directions; the call ends when work does. */
  duplex<Request, Response>(
    method: Method<undefined, undefined>,
    work: (running: RunningCall, call: ServerDuplexStream<Request, Response>) => Promise<void>,
  ): handleBidiStreamingCall<Request, Response> {
    return (call) => {
      this.#start(
        call,
        method,
        undefined,
        (running) => work(running, call),
        (status) => endStream(call, status),
      );
    };
  }

  /** From now on, calls are refused and unbounded ones end. Resolves when only probes are left. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#abortWhere((running) => running.kind === "unbounded");
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle = resolve);
  }

  /** Ends all running calls except probes. */
  abortAll(): void {
    this.#abortWhere((running) => running.kind !== "probe");
  }

  /** Runs a call. It always ends: even an error in this class must not leave it open. */
  #start<Request, Checked>(
    call: ServerCall,
    method: Method<Request, Checked>,
    request: Request,
    work: (running: RunningCall, checked: Checked) => Promise<void>,
    end: (status: CallStatus) => void,
  ): void {
    this.#run(call, method, request, work, end).catch((error) => {
      const text = "a call was ended for a fault of its owner";
      this.#report({ type: "notice", level: "error", text, fields: { error: explain(error) } });
      end(toStatus(error));
    });
  }

  async #run<Request, Checked>(
    call: ServerCall,
    method: Method<Request, Checked>,
    request: Request,
    work: (running: RunningCall, checked: Checked) => Promise<void>,
    end: (status: CallStatus) => void,
  ): Promise<void> {
    const kind = typeof method.kind === "function" ? method.kind(request) : method.kind;
    const running = new RunningCall(call, kind);
    this.#running.add(running);
    this.#report({ type: "call-started", method: method.name });
    const span = this.#startCallSpan(method.name, call.metadata.get("traceparent")[0]?.toString());
    let error: unknown = null;
    try {
      const checked = await this.#begin(call, running, method, request);
      await work(running, checked);
      // Work that stopped because its signal fired did not finish.
      running.signal.throwIfAborted();
    } catch (thrown) {
      error = running.signal.aborted ? running.signal.reason : thrown;
    }
    running.finish();
    emptyRequest(request); // It may have been refused unchecked.
    const status = error === null ? ok : toStatus(error);
    const code = running.cancelled ? "CANCELLED" : statusName(status.code);
    span.end(code);
    this.#report({
      type: "call-ended",
      method: method.name,
      code,
      identity: running.identity,
      namespaces: running.namespaces,
      records: running.records,
      bytes: running.bytes,
      milliseconds: performance.now() - running.startedMs,
      ...(error === null || running.cancelled ? {} : { error: explain(error) }),
    });
    try {
      end(status);
    } catch (error) {
      // grpc-js throws if the stream was closed meanwhile: nobody is left to answer.
      this.#report({
        type: "notice",
        level: "debug",
        text: "the status of a call could not be sent",
        fields: { method: method.name, why: explain(error) },
      });
    }
    running.release();
    this.#running.delete(running);
    if (this.#isIdle()) this.#onIdle?.();
  }

  /** Everything before the work. */
  async #begin<Request, Checked>(
    call: ServerCall,
    running: RunningCall,
    method: Method<Request, Checked>,
    request: Request,
  ): Promise<Checked> {
    const { kind, connection, signal } = running;
    if (this.#draining && kind !== "probe") throw new Failure("unavailable", SHUTTING_DOWN);
    if (this.#peers !== null) running.endWith(this.#peers.enter(connection));
    const { access } = method;
    const isPublic = access === "public";
    const peer = connection === null ? "" : peerOf(connection);
    running.hold(this.#limits.admit({ kind, connection, isPublic, peer }));
    if (isPublic) {
      running.claim();
      running.dropHeaders();
      return checkedOnce(method, request);
    }

    const caller = this.#authorizer.identify(call);
    running.identity = caller.description;
    const checked = checkedOnce(method, request);
    const namespaces = access(checked);
    running.namespaces = namespaces;
    const asked = { signal, origin: { owner: connection, group: peer } };
    const key = await this.#authorizer.userKey(caller, namespaces, asked);
    signal.throwIfAborted();
    const { user } = key;
    running.user = user;
    const requestMemory = method.memory?.(checked) ?? 0;
    const evict = (why: Failure) => running.evict(why);
    // Before the reviews: calls that wait for one count.
    running.hold(this.#limits.admitUser({ kind, key, connection, requestMemory, evict }));
    running.claim();
    await this.#authorizer.authorize(caller, namespaces, asked);
    const turn = this.#turns.enter(user);
    if (turn !== null) await turn;
    signal.throwIfAborted();
    running.dropHeaders();
    if (kind === "unbounded") {
      // Any error of a re-check ends the call, even an unforeseen one.
      const end = (reason: unknown) => running.abort(asError(reason));
      const owners = [user, key.account, connection];
      this.#authorizer.recheck(caller, namespaces, { signal, owners }).then(end, end);
    }
    return checked;
  }

  #abortWhere(chosen: (running: RunningCall) => boolean): void {
    for (const running of this.#running) {
      if (chosen(running)) running.abort(new Failure("unavailable", SHUTTING_DOWN));
    }
  }

  #isIdle(): boolean {
    for (const running of this.#running) {
      if (running.kind !== "probe") return false;
    }
    return true;
  }
}

const ok: CallStatus = { code: Status.OK, details: "OK" };

function endStream(
  call: { end(): unknown; emit(event: "error", status: CallStatus): unknown },
  status: CallStatus,
): void {
  if (status.code === Status.OK) call.end();
  else call.emit("error", status);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(thrownText(thrown));
}

/** Why a call failed, for the log: the text of an unexpected error, which the caller does not see. */
function explain(error: unknown): string {
  return error instanceof Failure ? error.message : thrownText(error);
}
