import { status as Status } from "@grpc/grpc-js";
import { Failure, type FailureKind } from "../failure/failure.ts";
import { shortened } from "../telemetry/foreign_text.ts";

/** The end of a call, other than OK. */
export interface CallStatus {
  readonly code: Status;
  readonly details: string;
}

/** A status is sent in a header, and a message may quote what the caller sent. */
const MAX_DETAILS = 2000;

const codes: Readonly<Record<FailureKind, Status>> = {
  "invalid-argument": Status.INVALID_ARGUMENT,
  "unauthenticated": Status.UNAUTHENTICATED,
  "permission-denied": Status.PERMISSION_DENIED,
  "not-found": Status.NOT_FOUND,
  "resource-exhausted": Status.RESOURCE_EXHAUSTED,
  "cancelled": Status.CANCELLED,
  "unavailable": Status.UNAVAILABLE,
  "internal": Status.INTERNAL,
};

/**
 * The only mapping from errors to gRPC status. An error that is not a Failure was not meant for the caller: its text is
 * not sent.
 */
export function toStatus(error: unknown): CallStatus {
  if (error instanceof Failure) {
    return { code: codes[error.kind], details: shortened(error.message, MAX_DETAILS) };
  }
  return { code: Status.INTERNAL, details: "Internal error" };
}

/** The status' name, such as PERMISSION_DENIED. */
export function statusName(code: Status): string {
  return Status[code] ?? String(code);
}
