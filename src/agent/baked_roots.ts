import type { Config } from "../config/schema.ts";
import { hasReadPermission } from "../platform/permissions.ts";

/**
 * The log folders that the released binary may read: its permissions are fixed when it is compiled. These are the
 * default folders of the kubelet, containerd, CRI-O and Docker (Kubernetes documentation, "Logging Architecture";
 * Docker documentation, "JSON File logging driver").
 */
export const bakedLogRoots: readonly string[] = [
  "/var/log/containers",
  "/var/log/pods",
  "/var/lib/docker/containers",
];

/**
 * A message that names the configured log folders that this program may not read, and those that it may; null if it may
 * read all of them. The platform is queried, so the answer is also correct for a program started with other permissions
 * than the released binary's.
 */
export function checkBakedRoots(
  config: Pick<Config, "containerLogsDir" | "logRoots">,
  mayRead: (path: string) => boolean = hasReadPermission,
): string | null {
  const configured = [
    ["container-logs-dir", config.containerLogsDir] as const,
    ...config.logRoots.map((root) => ["log-roots", root] as const),
  ];
  const refused = configured.filter(([, path]) => !mayRead(path));
  if (refused.length === 0) return null;
  const granted = bakedLogRoots.filter(mayRead);
  return (
    `Cannot read ${refused.map(([key, path]) => `${key} "${path}"`).join(", ")}: ` +
    "beyond the folders that this program was built to read (" +
    `${granted.length === 0 ? "none" : granted.join(", ")}). ` +
    "Mount the logs at one of these, or build a binary with other folders (docs/development.md)"
  );
}
