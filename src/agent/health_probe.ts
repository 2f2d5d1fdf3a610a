import { type Address, parseAddress } from "../config/address.ts";
import type { Config } from "../config/schema.ts";

/**
 * Asks the agent of this configuration on this host whether it is healthy: through /readyz of the telemetry port if
 * there is one (no TLS, fastest), otherwise through grpc.health.v1. Null if healthy, otherwise the reason. Rejects if
 * the agent cannot be reached.
 */
export async function healthProblem(config: Config, signal: AbortSignal): Promise<string | null> {
  const byHttp = config.telemetry.addr !== "";
  const key = byHttp ? "telemetry.addr" : "addr";
  const address = parseAddress(byHttp ? config.telemetry.addr : config.addr);
  if (address === null || address.port === 0) {
    return `${key} has port 0, so only the agent itself knows the port. Set a port`;
  }
  const ask = byHttp
    ? (host: string) => readyz({ host, port: address.port }, signal)
    : async (host: string) => {
      const { grpcHealth } = await import("./grpc_health.ts");
      return await grpcHealth({ host, port: address.port }, { tls: config.tls, signal });
    };
  const [first = "", second] = ownHosts(address);
  try {
    return await ask(first);
  } catch (error) {
    // On a host with only one of IPv4 and IPv6, the other one refuses.
    if (second === undefined || signal.aborted) throw error;
    return await ask(second);
  }
}

/** The addresses at which an agent that listens there can be reached from its own host. */
function ownHosts(address: Address): string[] {
  if (address.host === "" || address.host === "::") return ["127.0.0.1", "::1"];
  return [address.host === "0.0.0.0" ? "127.0.0.1" : address.host];
}

async function readyz(address: Address, signal: AbortSignal): Promise<string | null> {
  const { get } = await import("node:http");
  return await new Promise((resolve, reject) => {
    const { host, port } = address;
    const request = get({ host, port, path: "/readyz", agent: false, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => body += part);
      response.on("error", reject);
      response.on("end", () => {
        resolve(
          response.statusCode === 200 ? null : body.trim() || `status ${response.statusCode}`,
        );
      });
    });
    request.on("error", reject);
  });
}
