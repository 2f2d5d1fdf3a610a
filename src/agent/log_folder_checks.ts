import type { Config } from "../config/schema.ts";
import { parseLogFileName } from "../files/name.ts";
import { fileErrorKind, type FileFacts, openFile, readDirectory, stat } from "../platform/files.ts";
import { userId } from "../platform/process.ts";
import { checkBakedRoots } from "./baked_roots.ts";

/** How many logs are opened: enough to distinguish "all" from "one that was just removed". */
const SAMPLES = 20;

/** Why the log folder cannot be listed, with the remedy; null if it can. Cheap: every probe calls it. */
export function logFolderProblem(config: Pick<Config, "containerLogsDir">): string | null {
  const path = config.containerLogsDir;
  try {
    readDirectory(path);
    return null;
  } catch (error) {
    return explain("list", path, error);
  }
}

/**
 * Why the logs themselves cannot be read although they are listed: their targets are not mounted, or the agent's user
 * may not read them. Null if one can be read, or if there are none yet.
 */
export function logFilesProblem(config: Pick<Config, "containerLogsDir">): string | null {
  let dangling = 0;
  let refused: string | null = null;
  const names = readDirectory(config.containerLogsDir)
    .map((entry) => entry.name)
    .filter((name) => parseLogFileName(name) !== null)
    .slice(0, SAMPLES);
  for (const name of names) {
    const path = `${config.containerLogsDir}/${name}`;
    try {
      // Opening anything but a regular file could block.
      if (!stat(path).isFile) continue;
      openFile(path).close();
      return null;
    } catch (error) {
      if (fileErrorKind(error) === "not-found") dangling++;
      else refused ??= explain("read", path, error);
    }
  }
  if (refused !== null) return refused;
  if (names.length === 0 || dangling < names.length) return null;
  return `Cannot read the logs in ${config.containerLogsDir}: the links there lead nowhere. ` +
    "Mount their targets from the node at the same path: /var/log/pods, and with Docker " +
    "/var/lib/docker/containers";
}

function explain(what: "list" | "read", path: string, error: unknown): string {
  switch (fileErrorKind(error)) {
    case "not-found":
      return `Cannot ${what} ${path}: no such folder. Mount /var/log/containers and /var/log/pods from ` +
        "the node (hostPath volumes), or set container-logs-dir";
    case "permission-denied":
      if (error instanceof Error && error.name === "NotCapable") {
        return checkBakedRoots({ containerLogsDir: path, logRoots: [] }) ??
          `Cannot ${what} ${path}: ${error.message}`;
      }
      return `Cannot ${what} ${path}: ${whoMay(path)}`;
    case "other":
      return `Cannot ${what} ${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The agent's user, the file's owner and mode, and the pod setting that gives access. */
function whoMay(path: string): string {
  const user = userId();
  const self = user === null ? "the agent's user" : `the agent's user ${user}`;
  const facts = factsOf(path);
  if (facts === null) {
    return `${self} may not look into a folder above it. ` +
      "Run the container as root (securityContext: { runAsUser: 0 })";
  }
  const owner = `it belongs to user ${facts.uid}, group ${facts.gid}, mode ${modeText(facts)}`;
  if (user === 0) {
    return `${owner}, and ${self} is refused all the same: a security module of the node or missing ` +
      "capabilities. Keep the capability DAC_READ_SEARCH " +
      "(securityContext: { capabilities: { add: [DAC_READ_SEARCH] } }), and with SELinux set " +
      "seLinuxOptions: { type: spc_t }";
  }
  const byGroup = (facts.mode & 0o040) !== 0
    ? ` or in that group (supplementalGroups: [${facts.gid}])`
    : "";
  return `${owner}, and ${self} may not. ` +
    `Run the container as its owner (securityContext: { runAsUser: ${facts.uid} })${byGroup}`;
}

function factsOf(path: string): FileFacts | null {
  try {
    return stat(path);
  } catch {
    return null;
  }
}

/** In the format of ls: drwxr-x---. */
function modeText(facts: FileFacts): string {
  const bits = "rwxrwxrwx".split("").map((letter, index) =>
    (facts.mode & (1 << (8 - index))) !== 0 ? letter : "-"
  );
  return (facts.isDirectory ? "d" : "-") + bits.join("");
}
