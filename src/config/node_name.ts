import { env, hostName } from "../platform/process.ts";

/**
 * The node name in log metadata: NODE_NAME (the downward API's spec.nodeName), otherwise the host name.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { nodeName } from "./node_name.ts";
 *
 * assert.notEqual(nodeName(), "");
 * ```
 */
export function nodeName(): string {
  return env("NODE_NAME") || hostName();
}
