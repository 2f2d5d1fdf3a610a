import assert from "node:assert/strict";
import { type Config, defaults } from "../../../src/config/schema.ts";
import { Authorizer } from "../../../src/auth/authorizer.ts";
import type { ReviewedIdentity, Reviewer } from "../../../src/auth/review.ts";
import type { Identity } from "../../../src/auth/identity.ts";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

/** A review that was requested and that the test answers. */
interface Asked {
  readonly identity: ReviewedIdentity;
  readonly namespace: string;
  readonly signal: AbortSignal;
  resolve(allowed: boolean): void;
  reject(error: unknown): void;
}

/** A reviewer whose reviews the test sees and answers. */
export class FakeReviewer implements Reviewer {
  readonly asked: Asked[] = [];
  /** Answers immediately; null: the test does it. */
  answer: ((namespace: string, identity: ReviewedIdentity) => boolean | Failure) | null = () =>
    true;

  review(
    identity: ReviewedIdentity,
    namespace: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.asked.push({ identity, namespace, signal, resolve, reject });
    signal.addEventListener("abort", () => reject(new Failure("cancelled", "aborted")));
    const answer = this.answer?.(namespace, identity);
    if (answer instanceof Failure) reject(answer);
    else if (answer !== undefined) resolve(answer);
    return promise;
  }

  get namespaces(): string[] {
    return this.asked.map((each) => each.namespace);
  }
}

/** An Authorizer with a FakeReviewer, on a clock that the test moves. */
export function setUp(
  settings: Partial<Config["authorization"]> & { allowedNamespaces?: readonly string[] } = {},
) {
  const { allowedNamespaces = [], ...authorization } = settings;
  const reviewer = new FakeReviewer();
  const events: AgentEvent[] = [];
  const clock = new ManualClock();
  const authorizer = new Authorizer({
    config: {
      ...defaults,
      allowedNamespaces,
      authorization: { ...defaults.authorization, ...authorization },
    },
    reviewer,
    report: (event) => events.push(event),
    clock,
  });
  return { reviewer, events, clock, authorizer };
}

/** A caller named by a front proxy. */
export function user(
  name: string,
  groups: string[] = [],
  extra: [string, string[]][] = [],
): Identity {
  return { kind: "front-proxy", user: name, groups, extra: new Map(extra) };
}

export const alice = user("alice");
export const unreachable = new Failure("unavailable", "Cannot ask the Kubernetes API server");

/** Passes if the promise rejects with a Failure of this kind and message. */
export async function rejectsWith(
  promise: Promise<unknown>,
  kind: FailureKind,
  message?: string | RegExp,
) {
  const error = await promise.then(
    () => assert.fail("let in"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Failure, `${error}`);
  assert.equal(error.kind, kind, error.message);
  if (typeof message === "string") assert.equal(error.message, message);
  else if (message !== undefined) assert.match(error.message, message);
}
