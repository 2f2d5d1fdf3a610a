import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import type { Config } from "../config/schema.ts";
import { realRoots } from "../files/locate.ts";
import { readText } from "../platform/files.ts";
import { env } from "../platform/process.ts";
import { watch } from "../platform/folder_watch.ts";
import { logFilesProblem, logFolderProblem } from "./log_folder_checks.ts";

/** Something that keeps the agent from doing its work, and how to fix it. */
export interface Problem {
  /** error: callers are affected now; warn: they will be under some condition. */
  readonly level: "warn" | "error";
  readonly text: string;
}

const DAY_MS = 86_400_000;
const EXPIRES_SOON_MS = 7 * DAY_MS;
const CONNECT_TIMEOUT_MS = 2000;

/**
 * Checks what the agent needs from the node. The agent serves in any case: a folder that is mounted late, or an API
 * server that is down, must not make it restart over and over.
 */
export async function startupProblems(
  config: Config,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Problem[]> {
  const problems: Problem[] = [
    ...certificateProblems(config.tls, new Date()),
    ...logProblems(config),
    ...await apiServerProblems(config, options),
  ];
  return problems;
}

/** What keeps the agent from reading or watching the logs; empty if nothing does. */
export function logProblems(config: Config): Problem[] {
  const folder = logFolderProblem(config);
  if (folder !== null) return [{ level: "error", text: folder }];
  const problems: Problem[] = [];
  const files = logFilesProblem(config);
  if (files !== null) problems.push({ level: "error", text: files });
  const watching = watchProblem(realRoots(config));
  if (watching !== null) problems.push({ level: "warn", text: watching });
  return problems;
}

/**
 * Tries what following needs, a recursive watch of the log folders, because the limits themselves, in
 * /proc/sys/fs/inotify, can be read only with all permissions. Tests pass another `open`.
 */
export function watchProblem(
  roots: readonly string[],
  open: typeof watch = watch,
): string | null {
  if (roots.length === 0) return null;
  try {
    open([...roots], { recursive: true }).close();
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const consequence = "Following still works, by checking the files every second";
    // ENOSPC and EMFILE (inotify_add_watch(2), inotify_init(2)).
    if (/os error 28\b|no space left/i.test(message)) {
      return "Cannot watch the log folders: the node's limit of inotify watches is reached. Raise " +
        `it there: sysctl fs.inotify.max_user_watches=524288. ${consequence}`;
    }
    if (/os error 24\b|too many open files/i.test(message)) {
      return "Cannot watch the log folders: the node's limit of inotify instances is reached. Raise " +
        `it there: sysctl fs.inotify.max_user_instances=512. ${consequence}`;
    }
    return `Cannot watch the log folders: ${message}. ${consequence}`;
  }
}

/**
 * Problems with the validity period and uses of the certificates. Whether they can be read and match their key is
 * checked when they are loaded: otherwise the agent cannot serve.
 */
export function certificateProblems(tls: Config["tls"], now: Date): Problem[] {
  if (!tls.enabled) return [];
  const problems: Problem[] = [];
  const files = [["tls.cert-file", tls.certFile]];
  if (tls.clientAuth === "require-and-verify") files.push(["tls.ca-file", tls.caFile]);
  for (const [key = "", path = ""] of files) {
    for (const [index, certificate] of readCertificates(path).entries()) {
      const which = `${key} ${path}${index === 0 ? "" : ` (certificate ${index + 1})`}`;
      problems.push(...dateProblems(which, certificate, now));
    }
  }
  const server = readCertificates(tls.certFile)[0];
  if (server !== undefined && server.subjectAltName === undefined) {
    problems.push({
      level: "warn",
      text: `tls.cert-file ${tls.certFile}: names no host (subjectAltName is missing), which ` +
        "clients refuse. Issue it again with the DNS name that clients use",
    });
  }
  return problems;
}

function dateProblems(which: string, certificate: X509Certificate, now: Date): Problem[] {
  const notBefore = new Date(certificate.validFrom);
  const notAfter = new Date(certificate.validTo);
  if (now < notBefore) {
    return [{
      level: "error",
      text:
        `${which}: not valid before ${iso(notBefore)}, and this node's clock says ${iso(now)}. ` +
        "Set the clock (NTP), or issue the certificate again",
    }];
  }
  if (now >= notAfter) {
    return [{
      level: "error",
      text: `${which}: expired ${iso(notAfter)}, and this node's clock says ${iso(now)}. ` +
        "Renew it; the agent loads the new file automatically",
    }];
  }
  const left = notAfter.getTime() - now.getTime();
  return left > EXPIRES_SOON_MS ? [] : [{
    level: "warn",
    text:
      `${which}: expires in ${daysText(left)}, ${iso(notAfter)}. Renew it; the agent loads the ` +
      "new file automatically",
  }];
}

function daysText(milliseconds: number): string {
  const days = Math.floor(milliseconds / DAY_MS);
  return days < 1 ? "less than a day" : days === 1 ? "1 day" : `${days} days`;
}

/** The readable certificates of a PEM file; unreadable ones are reported where the file is loaded. */
function readCertificates(path: string): X509Certificate[] {
  try {
    const blocks = readText(path).match(
      /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
    );
    return (blocks ?? []).map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

/** Whether the API server of the pod's environment accepts connections. */
export async function apiServerProblems(
  config: Pick<Config, "authorization">,
  options: {
    readonly signal?: AbortSignal;
    readonly lookup?: (name: string) => string | undefined;
  } = {},
): Promise<Problem[]> {
  if (config.authorization.methods.includes("allow-all")) return [];
  const lookup = options.lookup ?? env;
  const host = lookup("KUBERNETES_SERVICE_HOST") ?? "";
  const port = Number(lookup("KUBERNETES_SERVICE_PORT"));
  if (host === "" || !(port > 0)) {
    // Outside a pod, a kubeconfig may name the server; the reviewer checks it.
    if ((lookup("KUBECONFIG") ?? "") !== "") return [];
    return [{
      level: "warn",
      text: "No Kubernetes API server for access reviews: KUBERNETES_SERVICE_HOST and " +
        "KUBECONFIG are not set. Calls will be refused with UNAVAILABLE. Run the agent in a pod, or for " +
        "a test on a loopback address, set authorization.methods: [allow-all]",
    }];
  }
  const why = await connectionProblem(host, port, options);
  return why === null ? [] : [{
    level: "warn",
    text: `Cannot reach the Kubernetes API server at ${host}:${port}: ${why}. Until it answers, ` +
      "calls are refused UNAVAILABLE. Check the node's network and NetworkPolicies",
  }];
}

function connectionProblem(
  host: string,
  port: number,
  options: { readonly signal?: AbortSignal },
): Promise<string | null> {
  return new Promise((resolve) => {
    try {
      const socket = connect({ host, port });
      const done = (why: string | null) => {
        options.signal?.removeEventListener("abort", stop);
        socket.destroy();
        resolve(why);
      };
      const stop = () => done(null);
      options.signal?.addEventListener("abort", stop);
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => done("no answer within 2 s"));
      socket.on("connect", () => done(null));
      socket.on("error", (error) => done(error.message));
    } catch (error) {
      resolve(error instanceof Error ? error.message : String(error));
    }
  });
}

function iso(date: Date): string {
  return Number.isNaN(date.getTime())
    ? "an unreadable date"
    : date.toISOString().slice(0, 19) + "Z";
}
