import type { Server } from "@grpc/grpc-js";
import { onHttp2Server } from "./http2_servers.ts";

/** Metadata of which each value counts for itself: who calls is decided by it. */
const separateNames = ["authorization", "x-remote-user", "x-remote-group", "x-remote-extras"];

/**
 * Makes calls of this server see repeated identity metadata as the several values that they are; to be
 * called before bindAsync. node:http2 joins them by ", " (two groups would become one that nobody is
 * in, a group named "a, b" could not be told from two) and drops a second `authorization`; grpc-js
 * reads only what is left. Throws where grpc-js has changed, rather than let calls in half-read.
 */
export function keepRepeatedMetadata(server: Server): void {
  onHttp2Server(server, (source) => {
    // Before grpc-js's own listener, which is given the very same object of headers.
    source.on("stream", (_stream, headers, _flags, raw) => separateValues(headers, raw));
  });
}

/** Puts the values of repeated identity headers into headers as lists; raw is name, value, name, value, … */
export function separateValues(headers: Record<string, unknown>, raw: readonly string[]): void {
  for (const name of separateNames) {
    if (!(name in headers)) continue;
    const values: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const value = raw[i + 1];
      if (raw[i]?.toLowerCase() === name && value !== undefined) values.push(value);
    }
    if (values.length > 1) headers[name] = values;
  }
}
