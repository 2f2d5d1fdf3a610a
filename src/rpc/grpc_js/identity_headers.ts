import type { Server } from "@grpc/grpc-js";
import { innermostCall } from "./call_stream.ts";
import { onHttp2Server } from "./http2_servers.ts";

/** The headers that identify the caller; each of their values counts. */
export const IDENTITY_HEADERS: readonly string[] = [
  "authorization",
  "x-remote-user",
  "x-remote-group",
  "x-remote-extras",
];

/** For each identity header of a call, the values that reached node:http2, in order. */
export type SentHeaders = ReadonlyMap<string, readonly string[]>;

/** For HTTP/2 streams whose calls have not asked yet; "lost": some headers did not reach node:http2. */
const sent = new WeakMap<object, SentHeaders | "lost">();

/**
 * Makes the calls of this server see every value of the identity headers, or be refused; call it before bindAsync.
 * Throws if grpc-js has changed, rather than admit calls with a partial identity.
 *
 * - node:http2 joins repeated headers with ", " (two groups would become one that nobody is in, and a group named "a,
 *   b" could not be distinguished from two: https://github.com/nodejs/node/issues/35658) and drops a second
 *   `authorization` (https://github.com/nodejs/node/issues/45699). Here they become lists, which grpc-js reads.
 * - grpc-js drops values that are not printable ASCII (https://github.com/grpc/grpc-node/issues/1173). What was sent is
 *   kept until the call is identified, so that it can be compared with what arrived.
 * - nghttp2 drops values with control bytes without telling node:http2 (nghttp2's on_invalid_header_callback;
 *   node:http2 sets none). See rememberLoss.
 */
export function keepIdentityHeaders(server: Server): void {
  onHttp2Server(server, (source) => {
    // Before grpc-js's own listener, which gets the same headers object.
    source.on("stream", (stream, headers, _flags, raw) => {
      const values = identityHeaders(raw);
      separateValues(headers, values);
      rememberSentHeaders(stream, values);
    });
  });
}

/** Keeps what was sent until takeSentHeaders. */
export function rememberSentHeaders(stream: object, values: SentHeaders): void {
  sent.set(stream, values);
}

/**
 * Fewer headers reached node:http2 than the client has sent: it is unknown which ones were lost, and whether they
 * mattered.
 */
export function rememberLoss(stream: object): void {
  sent.set(stream, "lost");
}

/**
 * The identity headers of a call as sent; "lost" if a header of the call was dropped below node:http2, null if nothing
 * is known. May be called once.
 */
export function takeSentHeaders(call: unknown): SentHeaders | "lost" | null {
  const stream = innermostCall(call)?.stream;
  if (stream === undefined) return null;
  const values = sent.get(stream) ?? null;
  sent.delete(stream);
  return values;
}

/** The identity headers in a list of name, value, name, value, … */
export function identityHeaders(raw: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? "";
    const value = raw[i + 1];
    if (value === undefined || !IDENTITY_HEADERS.includes(name)) continue;
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return found;
}

/** Puts repeated values into headers as lists. */
export function separateValues(headers: Record<string, unknown>, values: SentHeaders): void {
  for (const [name, each] of values) {
    if (each.length > 1) headers[name] = [...each];
  }
}
