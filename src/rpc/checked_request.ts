/**
 * Checks the request, and empties it whatever the outcome: grpc-js keeps it until the HTTP/2 stream is closed, which
 * clients may leave open for as long as they like.
 */
export function checkedOnce<Request, Checked>(
  method: { check(request: Request): Checked },
  request: Request,
): Checked {
  try {
    return method.check(request);
  } finally {
    emptyRequest(request);
  }
}

/** Removes the content of a request. */
export function emptyRequest(request: unknown): void {
  if (typeof request !== "object" || request === null) return;
  for (const field of Object.keys(request)) Reflect.deleteProperty(request, field);
}
