import { parseAddress } from "../config/address.ts";
import type { Config } from "../config/schema.ts";
import { allowsAll } from "../config/auth_rules.ts";
import { readLogFolder } from "../files/log_folder.ts";
import { env } from "../platform/process.ts";
import { FileCredentials } from "../rpc/credentials.ts";
import { silent } from "../telemetry/events.ts";
import { checkBakedRoots } from "./baked_roots.ts";
import { healthProblem } from "./health_probe.ts";
import {
  apiServerProblems,
  certificateProblems,
  logProblems,
  type Problem,
} from "./startup_checks.ts";

/** The result of a check. */
export interface Finding {
  /** What was checked, such as "certificates". */
  readonly subject: string;
  /** error: callers are affected now; warn: they will be under some condition. */
  readonly level: "ok" | "warn" | "error";
  /** What was found; for a problem, including its remedy. */
  readonly text: string;
}

const HEALTH_TIMEOUT_MS = 2000;

/**
 * Checks everything that an agent with this configuration needs from its node and its cluster, in the order in which it
 * needs it, with at least one finding per subject.
 */
export async function* examine(
  config: Config,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  yield* findings("permissions", permissionProblems(config), "the log folders may be read");
  yield* findings(
    "certificates",
    await tlsProblems(config),
    config.tls.enabled ? "valid, and the key matches" : "TLS is disabled",
  );
  yield* findings("callers", callerProblems(config), callersText(config));
  yield* findings(
    "logs",
    logProblems(config),
    `${config.containerLogsDir}: ${await logsText(config)}`,
  );
  yield* findings("api server", await apiServerProblems(config, options), serverText(config));
  yield* findings("access reviews", await reviewProblems(config, options), reviewsText(config));
  yield await agentFinding(config);
}

function* findings(subject: string, problems: readonly Problem[], ok: string): Generator<Finding> {
  if (problems.length === 0) yield { subject, level: "ok", text: ok };
  for (const { level, text } of problems) yield { subject, level, text };
}

function permissionProblems(config: Config): Problem[] {
  const text = checkBakedRoots(config);
  return text === null ? [] : [{ level: "error", text }];
}

async function tlsProblems(config: Config): Promise<Problem[]> {
  if (!config.tls.enabled) return [];
  try {
    (await FileCredentials.load(config.tls, silent))[Symbol.dispose]();
  } catch (error) {
    const text = messageOf(error);
    const remedy = text.startsWith("Cannot read")
      ? ". Mount the Secret that holds it, or name its path"
      : "";
    return [{ level: "error", text: text + remedy }];
  }
  return certificateProblems(config.tls, new Date());
}

function callerProblems(config: Config): Problem[] {
  if (allowsAll(config)) {
    return [{
      level: "warn",
      text:
        "authorization.methods is allow-all: anyone who can reach the port can read every log. " +
        "Set [front-proxy, token] outside of tests",
    }];
  }
  const isOpenProxy = config.authorization.methods.includes("front-proxy") && config.tls.enabled &&
    config.tls.allowedNames.length === 0;
  return isOpenProxy
    ? [{
      level: "warn",
      text:
        "tls.allowed-names is empty: every holder of a certificate of tls.ca-file can impersonate any user. " +
        "Name the front proxy's common name there, as kubetail-cluster-api",
    }]
    : [];
}

function callersText({ authorization: { methods }, tls: { allowedNames } }: Config): string {
  const hasNames = methods.includes("front-proxy") && allowedNames.length > 0;
  return methods.join(" and ") + (hasNames ? ` (${allowedNames.join(", ")})` : "");
}

async function logsText(config: Config): Promise<string> {
  try {
    const count = (await readLogFolder(config.containerLogsDir)).entries.size;
    return `${count} ${count === 1 ? "log" : "logs"}`;
  } catch (error) {
    return messageOf(error);
  }
}

function serverText(config: Config): string {
  if (allowsAll(config)) return "not needed with allow-all";
  // Only the API server of a pod's environment was connected to.
  return (env("KUBERNETES_SERVICE_HOST") ?? "") === "" ? "named by KUBECONFIG" : "reachable";
}

function reviewsText(config: Config): string {
  if (allowsAll(config)) return "not needed with allow-all";
  return config.authorization.methods.includes("front-proxy")
    ? "the agent may create them"
    : "answered; with the method token alone, the agent needs no rights of its own";
}

/**
 * Checks whether access reviews are answered and, if necessary, whether the agent's own account may request them, by
 * asking about nobody in particular.
 */
async function reviewProblems(
  config: Config,
  options: { readonly signal: AbortSignal },
): Promise<Problem[]> {
  if (allowsAll(config)) return [];
  const notices: string[] = [];
  const { createReviewer } = await import("../auth/reviewer.ts");
  const reviewer = createReviewer({
    report: (event) => void (event.type === "notice" && notices.push(event.text)),
  });
  try {
    if (!config.authorization.methods.includes("front-proxy")) {
      const problem = await reviewer.problem({ ownAccountNeeded: false, ...options });
      if (problem === null) return [];
      return [{ level: "error", text: `${problem}. Until that is fixed, calls are refused` }];
    }
    await reviewer.review(
      { kind: "front-proxy", user: "system:anonymous", groups: [], extra: new Map() },
      "default",
      options,
    );
    return [];
  } catch (error) {
    return [{
      level: "error",
      text: `${notices[0] ?? messageOf(error)}. Until that is fixed, calls are refused`,
    }];
  } finally {
    reviewer.close();
  }
}

/** Whether an agent with this configuration runs here, and its health. */
async function agentFinding(config: Config): Promise<Finding> {
  const subject = "agent";
  const { telemetry, addr } = config;
  if (parseAddress(telemetry.addr === "" ? addr : telemetry.addr)?.port === 0) {
    const text = "health not checked: only the agent itself knows the port that it has chosen";
    return { subject, level: "ok", text };
  }
  try {
    const problem = await healthProblem(config, AbortSignal.timeout(HEALTH_TIMEOUT_MS));
    return problem === null
      ? { subject, level: "ok", text: "runs on this host and is healthy" }
      : { subject, level: "error", text: `runs on this host and is not healthy: ${problem}` };
  } catch (error) {
    const text = messageOf(error);
    return text.includes("ECONNREFUSED")
      ? { subject, level: "ok", text: "none runs on this host with this configuration" }
      : {
        subject,
        level: "warn",
        text: `cannot be asked: ${text}. Check what listens on its ports`,
      };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
