import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../failure/failure.ts";
import { type FileErrorKind, fileErrorKind, type FileFacts } from "../platform/files.ts";
import * as files from "../platform/files.ts";
import { logFileName, type LogName, parseLogFileName } from "./name.ts";

/** Where logs may be. */
export interface LogRoots {
  /** The folder of links that List shows. */
  readonly containerLogsDir: string;
  /** Folders that must contain a log's real path; empty: DEFAULT_ROOTS and the log folder's own tree. */
  readonly logRoots: readonly string[];
}

/** A log that has passed every check. */
export interface LocatedLog {
  readonly name: LogName;
  readonly linkPath: string;
  /** Absolute, without links. */
  readonly realPath: string;
  readonly dev: number;
  readonly ino: number;
}

/** Where the kubelet and Docker keep the files themselves. */
export const DEFAULT_ROOTS: readonly string[] = ["/var/log/pods", "/var/lib/docker/containers"];

/** {namespace}_{pod}_{uid}: BuildPodLogsDirectory in the kubelet's kuberuntime. */
const POD_FOLDER = /^([^_]+)_([^_]+)_([^_]+)$/;

/**
 * Finds the log of a container and checks that it belongs to that container: the real path lies within the roots, its
 * pod folder or Docker folder names the requested container, and it is a regular file. Throws Failure not-found or
 * permission-denied.
 */
export function locate(roots: LogRoots, name: LogName): LocatedLog {
  const linkPath = join(roots.containerLogsDir, logFileName(name));
  const realPath = attempt(linkPath, () => files.realPath(linkPath));
  checkPlace(roots, name, linkPath, realPath);
  const facts = attempt(linkPath, () => files.lstat(realPath));
  checkRegular(linkPath, facts);
  return { name, linkPath, realPath, dev: facts.dev, ino: facts.ino };
}

/** The real paths of the folders that may contain logs; missing roots are omitted. */
export function realRoots(roots: LogRoots): string[] {
  const given = roots.logRoots.length > 0
    ? roots.logRoots
    : [roots.containerLogsDir, ...DEFAULT_ROOTS];
  const found = new Set<string>();
  for (const root of given) {
    try {
      found.add(files.realPath(root));
    } catch (error) {
      // A root that may not be resolved still contains the paths below it by name.
      if (fileErrorKind(error) === "permission-denied") found.add(resolve(root));
    }
  }
  return [...found];
}

/**
 * The Failure for an error of the file system; its message names path.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { accessFailure } from "./locate.ts";
 *
 * const failure = accessFailure("/var/log/x.log", new Deno.errors.NotFound());
 * assert.equal(failure.message, "failed to access log file /var/log/x.log: no such file");
 * ```
 */
export function accessFailure(path: string, error: unknown): Failure {
  const kind: FileErrorKind = fileErrorKind(error);
  switch (kind) {
    case "not-found":
      return new Failure("not-found", `failed to access log file ${path}: no such file`, {
        cause: error,
      });
    case "permission-denied":
      return new Failure(
        "permission-denied",
        `failed to access log file ${path}: the agent may not read it; run the agent as a user who may` +
          ` (root on most nodes) and mount its folder`,
        { cause: error },
      );
    default:
      if (error instanceof Error && error.name === "FilesystemLoop") {
        return new Failure(
          "not-found",
          `failed to access log file ${path}: its links form a circle`,
          { cause: error },
        );
      }
      return new Failure(
        "internal",
        `failed to access log file ${path}: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
  }
}

/**
 * Whether it is a regular file with a single name: not a link, and not a second name of a file elsewhere.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isPlainFile } from "./locate.ts";
 * import { stat } from "../platform/files.ts";
 *
 * assert.ok(isPlainFile(stat(import.meta.filename!)));
 * assert.ok(!isPlainFile(stat(import.meta.dirname!)));
 * ```
 */
export function isPlainFile(facts: FileFacts): boolean {
  return facts.isFile && !facts.isSymlink && facts.nlink === 1;
}

/**
 * Throws Failure unless facts are those of a plain file. Opening a FIFO would freeze the process. A user who may write
 * to a log folder can hard-link any file of the file system into it, which a runtime never does.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkRegular } from "./locate.ts";
 * import { stat } from "../platform/files.ts";
 *
 * const folder = import.meta.dirname!;
 * assert.throws(() => checkRegular(folder, stat(folder)), /not a regular file/);
 * ```
 */
export function checkRegular(path: string, facts: FileFacts): void {
  if (isPlainFile(facts)) return;
  if (facts.isFile && !facts.isSymlink) {
    throw new Failure(
      "permission-denied",
      `failed to access log file ${path}: it has ${facts.nlink} hard links, and the agent reads only files with one`,
    );
  }
  throw new Failure(
    "permission-denied",
    `failed to access log file ${path}: not a regular file`,
  );
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw accessFailure(path, error);
  }
}

function checkPlace(roots: LogRoots, name: LogName, linkPath: string, realPath: string): void {
  if (!realRoots(roots).some((root) => isWithin(root, realPath))) {
    throw new Failure(
      "permission-denied",
      `failed to access log file ${linkPath}: it leads outside the log roots;` +
        ` if that is where this node keeps its logs, add the folder to log-roots`,
    );
  }
  const other = otherOwner(realPath, name);
  if (other === null) return;
  throw new Failure(
    "permission-denied",
    `failed to access log file ${linkPath}: it leads to ${other}`,
  );
}

/**
 * Whether path lies somewhere below root. Both without links.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isWithin } from "./locate.ts";
 *
 * assert.ok(isWithin("/var/log", "/var/log/pods/x"));
 * assert.ok(!isWithin("/var/log", "/var/log2/x"));
 * ```
 */
export function isWithin(root: string, path: string): boolean {
  return path.startsWith(root.endsWith("/") ? root : root + "/");
}

/** What the real path names instead of the requested container, in words; null if it names that container. */
function otherOwner(realPath: string, asked: LogName): string | null {
  const parts = realPath.split("/");
  // The nearest ancestor named "pods" that has a folder below it on this path: the second to last folder may be a
  // container that is itself named "pods".
  const pods = parts.lastIndexOf("pods", parts.length - 3);
  if (pods >= 0) {
    const folder = POD_FOLDER.exec(parts[pods + 1] ?? "");
    if (folder !== null && folder[1] === asked.namespace && folder[2] === asked.podName) {
      return null;
    }
    return "the folder of another pod";
  }
  if (parts.at(-2) === "pods") return "a file in no pod's folder";

  const file = basename(realPath);
  const docker = parts.findIndex((part, i) => part === "containers" && parts[i - 1] === "docker");
  if (file.endsWith("-json.log") || (docker >= 0 && docker < parts.length - 2)) {
    const id = asked.containerId;
    const folder = docker >= 0 && docker < parts.length - 2 ? parts[docker + 1] : parts.at(-2);
    if (folder === id && file === `${id}-json.log` && basename(dirname(realPath)) === id) {
      return null;
    }
    return "the Docker folder of another container";
  }

  // {pod folder}/{container}/N.log in a root that is not named pods.
  const folder = POD_FOLDER.exec(parts.at(-3) ?? "");
  if (folder !== null && folder[1] === asked.namespace && folder[2] === asked.podName) {
    return null;
  }

  // A log folder may contain the files themselves; a link from one name to another is not that container's log.
  const named = parseLogFileName(file);
  if (named === null) {
    return "a file whose path does not name the container: keep logs in a folder named pods, or name files as the links";
  }
  return logFileName(named) === logFileName(asked) ? null : "the log of another container";
}
