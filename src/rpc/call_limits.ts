import { Failure } from "../failure/failure.ts";
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

/** How many calls may run, by connection, by user and in total. Every lease lasts until the call's last byte has left. */
export class CallLimits {
  readonly #limits: { readonly maxStreams: number; readonly maxStreamsPerUser: number };
  readonly #streamsByUser = new Map<string, number>();
  #streams = 0;

  constructor(limits: { readonly maxStreams: number; readonly maxStreamsPerUser: number }) {
    this.#limits = limits;
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams;
  }

  /** What any call takes, before its caller is identified. Throws Failure resource-exhausted. */
  admit(_call: AdmittedCall): Lease {
    return nothing;
  }

  /** What a call takes on behalf of its user. Throws Failure resource-exhausted. */
  authorize({ kind, user }: AuthorizedCall): Lease {
    if (kind !== "stream" && kind !== "endless") return nothing;
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
    return once(() => {
      this.#streams--;
      const left = (this.#streamsByUser.get(user) ?? 0) - 1;
      if (left > 0) this.#streamsByUser.set(user, left);
      else this.#streamsByUser.delete(user);
    });
  }
}

const nothing: Lease = { [Symbol.dispose]: () => {} };

/** A lease that gives back once, however often it is disposed of. */
function once(giveBack: () => void): Lease {
  let held = true;
  return {
    [Symbol.dispose]() {
      if (held) giveBack();
      held = false;
    },
  };
}
