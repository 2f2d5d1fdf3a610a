import type { LogName } from "../files/name.ts";
import type { LogMetadata, LogMetadataFileInfo } from "../generated/cluster_agent.ts";
import type { FileFacts } from "../platform/files.ts";
import { mtime } from "../platform/mtime.ts";

/** Size and time of a log file in their wire format. `facts` are the result of a stat of `path` just before. */
export function fileInfo({ path, facts }: { path: string; facts: FileFacts }): LogMetadataFileInfo {
  const { seconds, nanos } = mtime(path, facts);
  return {
    size: BigInt(facts.size),
    last_modified_at: { seconds: BigInt(seconds), nanos },
  };
}

/** One log of this node in its wire format. */
export function logMetadata(
  nodeName: string,
  name: LogName,
  info: LogMetadataFileInfo | undefined,
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
