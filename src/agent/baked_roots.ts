import type { Config } from "../config/schema.ts";
import { hasReadPermission } from "../platform/permissions.ts";

/**
 * The log folders that the released binary may read: its permissions are baked in when it is compiled.
 * The places that kubelet, containerd, CRI-O and Docker use by default (Kubernetes documentation,
 * "Logging Architecture"; Docker documentation, "JSON File logging driver").
 */
export const bakedLogRoots: readonly string[] = [
  "/var/log/containers",
  "/var/log/pods",
  "/var/lib/docker/containers",
];

/**
 * Says which configured log folders this program was not granted, naming them and the granted ones;
 * null where all is well. Asked of the platform, so it is also true of a program started with other
 * permissions than the released binary's.
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
