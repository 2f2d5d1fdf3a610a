import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A container's log among the samples. */
interface Sample {
  readonly file: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly format: "cri" | "docker";
}

const samples: readonly Sample[] = [
  {
    file: "kube-apiserver.log",
    namespace: "kube-system",
    pod: "kube-apiserver-node-1",
    container: "kube-apiserver",
    format: "cri",
  },
  {
    file: "etcd.log",
    namespace: "kube-system",
    pod: "etcd-node-1",
    container: "etcd",
    format: "cri",
  },
  {
    file: "etcd-json.log",
    namespace: "docker-demo",
    pod: "etcd-node-1",
    container: "etcd",
    format: "docker",
  },
];

/** Where the logs of a node are. */
export interface NodeLogs {
  readonly containerLogsDir: string;
  readonly logRoots: readonly string[];
}

/**
 * Copies the sample logs to dir, laid out as on a node: links in containers/ point to
 * pods/{namespace}_{pod}_{uid}/{container}/0.log, and with Docker on to docker/{id}/{id}-json.log.
 */
export function layOutSamples(dir: string): NodeLogs {
  const folder = fileURLToPath(new URL("samples/", import.meta.url));
  const containers = join(dir, "containers");
  mkdirSync(containers, { recursive: true });
  for (const { file, namespace, pod, container, format } of samples) {
    const id = hash(`${namespace}/${pod}/${container}`);
    const place = `pods/${namespace}_${pod}_${
      hash(`${namespace}/${pod}`).slice(0, 8)
    }/${container}`;
    const log = join(dir, place, "0.log");
    const real = format === "docker" ? join(dir, "docker", id, `${id}-json.log`) : log;
    for (const path of [log, real]) mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(folder, file), real);
    if (real !== log) symlinkSync(`../../../docker/${id}/${id}-json.log`, log);
    symlinkSync(
      `../${place}/0.log`,
      join(containers, `${pod}_${namespace}_${container}-${id}.log`),
    );
  }
  return {
    containerLogsDir: containers,
    logRoots: [containers, join(dir, "pods"), join(dir, "docker")],
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
