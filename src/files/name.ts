import { Failure } from "../failure/failure.ts";

/** What a container log's file name contains. */
export interface LogName {
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** Without the runtime: abc, not containerd://abc. */
  readonly containerId: string;
}

/** {pod}_{namespace}_{container}-{id}.log, as the kubelet names the links in its container log folder. */
const FILE_NAME = /^([^_]+)_([^_]+)_(.+)-([^-]+)\.log$/;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const CONTAINER_ID = /^[A-Za-z0-9]+$/;

const SUFFIX = ".log";
/** The longest file name of ext4, to which the kubelet cuts link names (the end of the id is lost then). */
const MAX_FILE_NAME = 255;

/**
 * The parts of a log's file name; null if it is not one. The parts are not checked further.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseLogFileName } from "./name.ts";
 *
 * assert.deepEqual(parseLogFileName("web-0_default_app-24e4c2.log"), {
 *   namespace: "default",
 *   podName: "web-0",
 *   containerName: "app",
 *   containerId: "24e4c2",
 * });
 * assert.equal(parseLogFileName("syslog"), null);
 * ```
 */
export function parseLogFileName(fileName: string): LogName | null {
  const match = FILE_NAME.exec(fileName);
  if (match === null) return null;
  const [, podName, namespace, containerName, containerId] = match;
  return {
    namespace: namespace ?? "",
    podName: podName ?? "",
    containerName: containerName ?? "",
    containerId: containerId ?? "",
  };
}

/**
 * The file name of a container's log: {pod}_{namespace}_{container}-{id}.log, cut as the kubelet cuts it
 * (legacyLogSymlink in the kubelet's kuberuntime). Throws Failure not-found if so much would be cut off that the name
 * would not distinguish containers.
 * the name did not tell one container from another.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { logFileName } from "./name.ts";
 *
 * const name = { namespace: "default", podName: "web-0", containerName: "app", containerId: "24e4c2" };
 * assert.equal(logFileName(name), "web-0_default_app-24e4c2.log");
 * ```
 */
export function logFileName(name: LogName): string {
  const stem = `${name.podName}_${name.namespace}_${name.containerName}-${name.containerId}`;
  const cut = stem.slice(0, MAX_FILE_NAME - SUFFIX.length);
  if (stem.length - cut.length >= name.containerId.length) {
    throw new Failure(
      "not-found",
      `failed to access log file ${stem}${SUFFIX}: the name is too long for a file`,
    );
  }
  return cut + SUFFIX;
}

/**
 * Checks the names of a request and removes the runtime from the id. Throws Failure invalid-argument naming the first
 * field that is not a valid Kubernetes name: such a name could lead to another file.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkLogName } from "./name.ts";
 *
 * const fields = { namespace: "default", pod_name: "web-0", container_name: "app" };
 * const name = checkLogName({ ...fields, container_id: "containerd://24e4c2" });
 * assert.equal(name.containerId, "24e4c2");
 * assert.throws(() => checkLogName({ ...fields, container_id: "../x" }), /^Failure: Invalid container_id/);
 * ```
 */
export function checkLogName(
  fields: { namespace: string; pod_name: string; container_name: string; container_id: string },
): LogName {
  const namespace = checkNamespace(fields.namespace);
  const podName = check("pod_name", fields.pod_name, SUBDOMAIN, 253, "a DNS subdomain (RFC 1123)");
  const containerName = check(
    "container_name",
    fields.container_name,
    LABEL,
    63,
    "a DNS label (RFC 1123)",
  );
  const scheme = fields.container_id.indexOf("://");
  const containerId = scheme < 0 ? fields.container_id : fields.container_id.slice(scheme + 3);
  check("container_id", containerId, CONTAINER_ID, 128, "letters and digits");
  return { namespace, podName, containerName, containerId };
}

/**
 * Returns a namespace's name unchanged. Throws Failure invalid-argument if it is invalid.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkNamespace } from "./name.ts";
 *
 * assert.equal(checkNamespace("team-a"), "team-a");
 * assert.throws(() => checkNamespace("../etc"));
 * ```
 */
export function checkNamespace(name: string): string {
  return check("namespace", name, LABEL, 63, "a DNS label (RFC 1123)");
}

function check(field: string, value: string, legal: RegExp, max: number, what: string): string {
  if (value.length <= max && legal.test(value)) return value;
  const shown = value.length <= 300 ? value : value.slice(0, 300) + "…";
  throw new Failure(
    "invalid-argument",
    `Invalid ${field} ${JSON.stringify(shown)}: not ${what} of 1 to ${max} characters`,
  );
}
