import { type FolderEntry, readLogFolder } from "../files/log_folder.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogName } from "../files/name.ts";
import type { LogMetadata, LogMetadataFileInfo } from "../generated/cluster_agent.ts";
import { mtime } from "../platform/mtime.ts";

/**
 * The logs that the node holds, in no order; of all namespaces where none is named.
 * Throws Failure not-found where the log folder is missing.
 */
export function listLogs(
  options: { roots: LogRoots; nodeName: string; namespaces: readonly string[] },
): LogMetadata[] {
  const { roots, nodeName, namespaces } = options;
  const entries = readLogFolder(roots.containerLogsDir, new Set(namespaces));
  return [...entries.values()].map((entry) => logMetadata(nodeName, entry.name, fileInfo(entry)));
}

/** Size and time of the file that the link leads to. */
export function fileInfo(entry: FolderEntry): LogMetadataFileInfo {
  const { seconds, nanos } = mtime(entry.path, entry.facts);
  return {
    size: BigInt(entry.facts.size),
    last_modified_at: { seconds: BigInt(seconds), nanos },
  };
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
