import { healthProblem } from "../agent/health_probe.ts";
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
