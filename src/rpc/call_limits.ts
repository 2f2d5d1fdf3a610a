import { Failure } from "../failure/failure.ts";
import type { LimitName, Report } from "../telemetry/events.ts";
import type { UserKey } from "../auth/user.ts";
import { Shares } from "./limits/shares.ts";
import type { CallKind } from "./running_call.ts";

/** Something taken from a limit; disposing of it returns it. */
export type Lease = Disposable;

/** A call before its caller is known. */
export interface AdmittedCall {
  readonly kind: CallKind;
  /** Health and reflection, which need no identity. */
  readonly isPublic: boolean;
  /** The HTTP/2 session; null if it is gone. */
  readonly connection: object | null;
  /** Address of the connection. Default: unknown, the same for all. */
  readonly peer?: string;
}

/** A call whose caller is known. */
export interface CallOfUser {
  readonly kind: CallKind;
  readonly key: UserKey;
  /** The HTTP/2 session; null if it is gone. */
  readonly connection: object | null;
  /** The memory of its checked request while the call is open, in bytes. */
  readonly requestMemory: number;
  /** Ends the call: its place, or its request's memory, is given to a user who has less. */
  readonly evict: (why: Failure) => void;
}

/** The limits of the configuration that count calls. */
export interface CallNumbers {
  readonly maxStreams: number;
  readonly maxStreamsPerUser: number;
  readonly maxUnaryCalls: number;
  readonly maxUnaryCallsPerUser: number;
  readonly maxPublicCalls: number;
  readonly maxPublicCallsPerConnection: number;
  /** Memory for the requests of all open calls, in bytes, not counting ordinary ones. */
  readonly requestMemory: number;
}

/** Requests up to this size, in bytes of memory, are ordinary: the limits of calls bound their total memory. */
const ORDINARY_REQUEST_MEMORY = 8192;

/** Ends a connection with all its calls. */
export type EndConnection = (connection: object, limit: LimitName, why: string) => void;

/**
 * How many calls may run, by connection, by user and in total. Every lease lasts until the call's last byte has left.
 * Owned by serve; Calls calls it.
 */
export class CallLimits {
  readonly #limits: CallNumbers;
  readonly #report: Report;
  /** By user, then by the user's account, then by connection. */
  readonly #streams: Shares;
  readonly #unaryCalls: Shares;
  readonly #requests: Shares;
  /** By connection, then by peer address. */
  readonly #publicCalls: Shares;
  readonly #endConnection: EndConnection;

  constructor(limits: CallNumbers, report: Report, endConnection: EndConnection) {
    this.#limits = limits;
    this.#report = report;
    this.#endConnection = endConnection;
    this.#streams = new Shares({
      total: () => limits.maxStreams,
      reserve: limits.maxStreamsPerUser < limits.maxStreams,
    });
    this.#unaryCalls = new Shares({
      total: () => limits.maxUnaryCalls,
      reserve: limits.maxUnaryCallsPerUser < limits.maxUnaryCalls,
    });
    this.#requests = new Shares({ total: () => limits.requestMemory });
    this.#publicCalls = new Shares({ total: () => limits.maxPublicCalls, newcomersFirst: true });
  }

  /** The number of open streams. */
  get streams(): number {
    return this.#streams.held;
  }

  /**
   * What any call takes before its caller is identified. Throws Failure resource-exhausted. Calls that need no identity
   * are counted by connection; if there are too many, the connection with the most of them is ended, so that no number
   * of connections keeps a probe out.
   */
  admit({ isPublic, connection, peer = "" }: AdmittedCall): Lease {
    if (!isPublic || connection === null) return nothing;
    const { maxPublicCalls, maxPublicCallsPerConnection } = this.#limits;
    if (this.#publicCalls.of(connection) >= maxPublicCallsPerConnection) {
      const why =
        `a connection may have at most ${maxPublicCallsPerConnection} calls of health and reflection at once (limits.max-public-calls-per-connection)`;
      this.#endConnection(connection, "public-calls-per-connection", why);
      throw new Failure("resource-exhausted", `Cannot begin another call: ${why}`);
    }
    const why =
      `the agent serves at most ${maxPublicCalls} calls of health and reflection at once (limits.max-public-calls)`;
    const lease = this.#publicCalls.take({
      owners: [connection, peer],
      evict: () => this.#endConnection(connection, "public-calls", why),
    });
    if (lease !== null) return lease;
    this.#report({ type: "limit-reached", limit: "public-calls" });
    throw new Failure("resource-exhausted", `Cannot begin another call: ${why}`);
  }

  /**
   * What a call takes on behalf of its user. If all places are taken, a user who has few gets the place of a call of
   * the user who has the most; among users with equally many, those of one account, then those of one connection, are
   * counted together. The memory of large requests is shared in the same way. Throws Failure resource-exhausted.
   */
  admitUser(call: CallOfUser): Lease {
    if (call.kind === "probe") return nothing;
    const { user } = call.key;
    const isStream = call.kind !== "unary";
    const { maxStreams, maxStreamsPerUser, maxUnaryCalls, maxUnaryCallsPerUser } = this.#limits;
    const shares = isStream ? this.#streams : this.#unaryCalls;
    const what = isStream ? "open another stream" : "begin another unary call";
    const limit = isStream ? "streams" : "unary-calls";
    const most = isStream ? maxStreamsPerUser : maxUnaryCallsPerUser;
    if (shares.of(user) >= most) {
      this.#report({ type: "limit-reached", limit: `${limit}-per-user`, who: user });
      const why = `a user may have at most ${most} at once (limits.max-${limit}-per-user)`;
      throw new Failure("resource-exhausted", `Cannot ${what}: ${why}`);
    }
    const all = isStream ? maxStreams : maxUnaryCalls;
    const why = `the agent serves at most ${all} at once (limits.max-${limit})`;
    using taken = new DisposableStack();
    taken.use(this.#share(call, { shares, limit, what, why, weight: 1 }));
    if (call.requestMemory > ORDINARY_REQUEST_MEMORY) {
      const why = "the requests of all open calls take too much memory (limits.request-memory)";
      const weight = call.requestMemory;
      const shares = this.#requests;
      taken.use(this.#share(call, { shares, limit: "request-memory", what, why, weight }));
    }
    return taken.move();
  }

  /** Takes a part of a total in which whoever has most gives way. Throws Failure resource-exhausted. */
  #share(
    { key, connection, evict }: CallOfUser,
    of: {
      readonly shares: Shares;
      readonly limit: LimitName;
      readonly what: string;
      readonly why: string;
      readonly weight: number;
    },
  ): Lease {
    const { shares, limit, what, why, weight } = of;
    const lease = shares.take({
      owners: [key.user, key.account, connection],
      weight,
      evict: () => {
        this.#report({ type: "limit-reached", limit, who: key.user });
        const text = `The call was ended for that of a user who has fewer: ${why}`;
        evict(new Failure("resource-exhausted", text));
      },
    });
    if (lease !== null) return lease;
    this.#report({ type: "limit-reached", limit });
    throw new Failure("resource-exhausted", `Cannot ${what}: ${why}`);
  }
}

const nothing: Lease = { [Symbol.dispose]: () => {} };
