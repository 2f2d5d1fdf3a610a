import { env, hostName } from "../platform/process.ts";

/** The node name in log metadata: NODE_NAME (the downward API's spec.nodeName), else the host's name. */
export function nodeName(): string {
  return env("NODE_NAME") || hostName();
}
