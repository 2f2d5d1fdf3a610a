import { Failure } from "../failure/failure.ts";
import { fileErrorKind, type FileFacts, readDirectory, stat } from "../platform/files.ts";
import type { LogMetadata, LogMetadataFileInfo } from "../generated/cluster_agent.ts";
import { type LogName, parseLogFileName } from "../files/name.ts";
import type { LogRoots } from "../files/locate.ts";
import { mtimeNanos } from "../platform/mtime.ts";

/**
 * The logs that the node holds, in no order: every link in the log folder whose name is a log's and whose target
 * is a file; all namespaces where none is named. Throws Failure not-found where the log folder is missing.
 *
 * A stat for each link and no more (1,000 links: about 5 ms): where a link leads is checked when the log is read.
 */
export function listLogs(
  options: { roots: LogRoots; nodeName: string; namespaces: readonly string[] },
): LogMetadata[] {
  const wanted = new Set(options.namespaces);
  const folder = options.roots.containerLogsDir;
  const items: LogMetadata[] = [];
  for (const fileName of logFolderNames(folder)) {
    const name = parseLogFileName(fileName);
    if (name === null || (wanted.size > 0 && !wanted.has(name.namespace))) continue;
    const facts = targetFacts(`${folder}/${fileName}`);
    if (facts === null) continue;
    items.push(logMetadata(options.nodeName, name, fileInfo(facts, `${folder}/${fileName}`)));
  }
  return items;
}

/** All names in the log folder. Throws Failure not-found or permission-denied naming it. */
export function logFolderNames(folder: string): string[] {
  try {
    return readDirectory(folder).map((entry) => entry.name);
  } catch (error) {
    switch (fileErrorKind(error)) {
      case "not-found":
        throw new Failure("not-found", `Cannot list the log folder ${folder}: no such folder`, {
          cause: error,
        });
      case "permission-denied":
        throw new Failure(
          "permission-denied",
          `Cannot list the log folder ${folder}: the agent may not read it; run the agent as a user who may (root on most nodes)`,
          { cause: error },
        );
      default:
        throw error;
    }
  }
}

/** Facts of the regular file that path leads to; null where there is none to be had. */
export function targetFacts(path: string): FileFacts | null {
  try {
    const facts = stat(path);
    return facts.isFile ? facts : null;
  } catch {
    // Gone, a dangling link, or not ours to see: no log.
    return null;
  }
}

export function logMetadata(
  nodeName: string,
  name: LogName,
  info: LogMetadataFileInfo,
): LogMetadata {
  return {
    id: name.containerId,
    spec: {
      node_name: nodeName,
      namespace: name.namespace,
      pod_name: name.podName,
      container_name: name.containerName,
      container_id: name.containerId,
    },
    fileInfo: info,
  };
}

/** Size and time of change: to the nanosecond where path is given, which led to these facts just now. */
export function fileInfo(facts: FileFacts, path: string): LogMetadataFileInfo;
/** Size and time of change to the millisecond. */
export function fileInfo(facts: { size: number; mtimeMs: number }): LogMetadataFileInfo;
export function fileInfo(
  facts: { size: number; mtimeMs: number } | FileFacts,
  path?: string,
): LogMetadataFileInfo {
  const nanos = path !== undefined && "ino" in facts
    ? mtimeNanos(path, facts)
    : BigInt(Math.trunc(facts.mtimeMs)) * 1_000_000n;
  const rest = ((nanos % second) + second) % second;
  return {
    size: BigInt(facts.size),
    last_modified_at: { seconds: (nanos - rest) / second, nanos: Number(rest) },
  };
}

const second = 1_000_000_000n;
