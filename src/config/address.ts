export { isLoopback } from "../platform/loopback.ts";

/** A parsed HOST:PORT. */
export interface Address {
  /** Name or IP without brackets; empty: every address of the host. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Parses ":50051", "127.0.0.1:0", "localhost:80" and "[::1]:50051". Null if the text has none of these forms: a port is
 * always required, and an IPv6 address needs its brackets, as in a URL.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseAddress } from "./address.ts";
 *
 * assert.deepEqual(parseAddress("[::1]:50051"), { host: "::1", port: 50051 });
 * assert.equal(parseAddress("localhost"), null);
 * ```
 */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65535) return null;
  return { host: match[1] ?? match[2] ?? "", port };
}
