/** The gRPC status codes by name, in the order of their numbers ("Status codes and their use in gRPC", grpc.io). */
const names = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type StatusName = typeof names[number];

/** The number of the gRPC status with this name; undefined if there is none. */
export function statusNumber(name: string): number | undefined {
  const number = (names as readonly string[]).indexOf(name);
  return number < 0 ? undefined : number;
}
