import type { Config } from "../config/schema.ts";
import { type Address, parseAddress } from "../config/address.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import { writeError, writeOut } from "../platform/process.ts";
import { configOptions, isUsageError } from "./config_options.ts";

const timeoutMs = 2000;

/**
 * `healthcheck`: asks the agent of this configuration on this host whether it is healthy, by the
 * telemetry port's /readyz where there is one (no TLS, fastest), otherwise by grpc.health.v1.
 * Resolves with 0 when healthy, 1 when not or when that cannot be found out; says why.
 */
export async function healthcheck(args: readonly string[]): Promise<number> {
  try {
    const { config } = await loadConfig(configOptions(args));
    const problem = await healthProblem(config, AbortSignal.timeout(timeoutMs));
    if (problem === null) {
      writeOut("healthy\n");
      return 0;
    }
    writeError(`not healthy: ${problem}\n`);
  } catch (error) {
    const expected = error instanceof ConfigError || isUsageError(error);
    writeError(`${expected ? "" : "not healthy: "}${messageOf(error)}\n`);
  }
  return 1;
}

/** Null when the agent says that it is healthy. Rejects where it cannot be asked. */
async function healthProblem(config: Config, signal: AbortSignal): Promise<string | null> {
  const byHttp = config.telemetry.addr !== "";
  const key = byHttp ? "telemetry.addr" : "addr";
  const address = parseAddress(byHttp ? config.telemetry.addr : config.addr);
  if (address === null || address.port === 0) {
    return `${key} names no port of its own, so nobody but the agent knows where it is`;
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
    // On a host with one of IPv4 and IPv6 only, the other refuses.
    if (second === undefined || signal.aborted) throw error;
    return await ask(second);
  }
}

/** Where an agent that listens there is reached from its own host. */
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
