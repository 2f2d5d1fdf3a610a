/** The kinds of failures of a call; src/rpc/status.ts maps each to one gRPC status. */
export type FailureKind =
  | "invalid-argument"
  | "unauthenticated"
  | "permission-denied"
  | "not-found"
  | "resource-exhausted"
  | "cancelled"
  | "unavailable"
  | "internal";

/**
 * The only error that the core throws on purpose. The caller sees its message, which says what was being done and what
 * is wrong, and contains no token and no log text.
 */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(readonly kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
