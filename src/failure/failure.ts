/** What went wrong, in the terms of the domain; src/rpc/status.ts maps each kind to one gRPC status. */
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
 * The one error that the core throws on purpose. Its message is shown to the caller, so it names
 * what was being done and what is wrong, and holds no token and no log text.
 */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(readonly kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
