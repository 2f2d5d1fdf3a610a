import { Failure } from "../failure/failure.ts";
import type { LimitName, Report } from "../telemetry/events.ts";
import { Quota } from "./limits/quota.ts";
import type { CallKind } from "./running_call.ts";

/** Taken from a limit; disposing of it gives it back. */
export type Lease = Disposable;

/** A call before it is known who calls. */
export interface AdmittedCall {
  readonly kind: CallKind;
  /** Health and reflection, which need no identity. */
  readonly isPublic: boolean;
  /** The HTTP/2 session; null where it is gone. */
  readonly connection: object | null;
}

/** A call whose caller may read what it asks for. */
export interface AuthorizedCall {
  readonly kind: CallKind;
  /** Equal for all calls of one user; see CallAuthorizer.authorize. */
  readonly user: string;
}

/** The limits of the configuration that count calls. */
export interface CallNumbers {
  readonly maxStreams: number;
  readonly maxStreamsPerUser: number;
  readonly maxUnaryCalls: number;
  readonly maxUnaryCallsPerUser: number;
  readonly maxPublicCalls: number;
  readonly maxPublicCallsPerConnection: number;
}

/** Ends a connection with all its calls. */
export type EndConnection = (connection: object, limit: LimitName, why: string) => void;

/** How many calls may run, by connection, by user and in total. Every lease lasts until the call's last byte has left. */
export class CallLimits {
  readonly #limits: CallNumbers;
  readonly #report: Report;
  readonly #streams: Quota<string>;
  readonly #unaryCalls: Quota<string>;
  readonly #publicCalls: Quota<object>;
  readonly #endConnection: EndConnection;

  constructor(limits: CallNumbers, report: Report, endConnection: EndConnection) {
    this.#limits = limits;
    this.#report = report;
    this.#endConnection = endConnection;
    this.#streams = new Quota({ total: limits.maxStreams, each: limits.maxStreamsPerUser });
    this.#unaryCalls = new Quota({
      total: limits.maxUnaryCalls,
      each: limits.maxUnaryCallsPerUser,
    });
    this.#publicCalls = new Quota({
      total: limits.maxPublicCalls,
      each: limits.maxPublicCallsPerConnection,
    });
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams.total;
  }

  /**
   * What any call takes, before its caller is identified. Throws Failure resource-exhausted. Calls that need
   * no identity are counted by connection; where there are too many, the connection with the most
   * of them is ended, so that one that holds many keeps no probe out.
   */
  admit({ isPublic, connection }: AdmittedCall): Lease {
    if (!isPublic || connection === null) return nothing;
    const { maxPublicCalls, maxPublicCallsPerConnection } = this.#limits;
    const exceeded = this.#publicCalls.exceeded(connection);
    if (this.#publicCalls.of(connection) >= maxPublicCallsPerConnection) {
      const why =
        `a connection may have at most ${maxPublicCallsPerConnection} calls of health and reflection at once (limits.max-public-calls-per-connection)`;
      this.#endConnection(connection, "public-calls-per-connection", why);
      throw new Failure("resource-exhausted", `Cannot begin another call: ${why}`);
    }
    if (exceeded === "total") {
      const greatest = this.#publicCalls.greatest();
      const why =
        `the agent serves at most ${maxPublicCalls} calls of health and reflection at once (limits.max-public-calls)`;
      if (greatest === null || this.#publicCalls.of(greatest) <= 1) {
        this.#report({ type: "limit-reached", limit: "public-calls" });
        throw new Failure("resource-exhausted", `Cannot begin another call: ${why}`);
      }
      this.#endConnection(greatest, "public-calls", why);
    }
    return this.#publicCalls.take(connection);
  }

  /** What a call takes on behalf of its user. Throws Failure resource-exhausted. */
  authorize({ kind, user }: AuthorizedCall): Lease {
    if (kind === "probe") return nothing;
    const isStream = kind !== "unary";
    const quota = isStream ? this.#streams : this.#unaryCalls;
    const exceeded = quota.exceeded(user);
    if (exceeded === null) return quota.take(user);
    const limit = `${isStream ? "streams" : "unary-calls"}${
      exceeded === "each" ? "-per-user" : ""
    }` as const;
    this.#report({ type: "limit-reached", limit, ...(exceeded === "each" ? { who: user } : {}) });
    const { maxStreams, maxStreamsPerUser, maxUnaryCalls, maxUnaryCallsPerUser } = this.#limits;
    const what = isStream ? "open another stream" : "begin another unary call";
    const why = exceeded === "each"
      ? `a user may have at most ${isStream ? maxStreamsPerUser : maxUnaryCallsPerUser}`
      : `the agent serves at most ${isStream ? maxStreams : maxUnaryCalls}`;
    throw new Failure("resource-exhausted", `Cannot ${what}: ${why} at once (limits.max-${limit})`);
  }
}

const nothing: Lease = { [Symbol.dispose]: () => {} };
