import { apply, get, kubectl } from "./kubectl.ts";
import {
  loggingPod,
  NAMESPACE,
  NODE_NAMESPACE,
  NODE_POD,
  nodeFilesPod,
  surroundings,
} from "./pods.ts";

/** Far more than a slow machine needs: it only ends waits for something that never happens. */
const DEADLINE = "--timeout=600s";

/** Creates the namespaces and the pod that examines the node; returns the name of the tested node. */
export async function prepare(): Promise<string> {
  const { items: nodes } = await get<{ items: { metadata: { name: string } }[] }>("nodes");
  const node = nodes.at(-1)!.metadata.name;
  await kubectl(
    "delete",
    "namespace",
    NAMESPACE,
    NODE_NAMESPACE,
    "--ignore-not-found",
    "--wait=true",
  );
  await apply([...surroundings(), nodeFilesPod(node)]);
  await kubectl(
    "wait",
    "--namespace",
    NODE_NAMESPACE,
    "--for=condition=Ready",
    `pod/${NODE_POD}`,
    DEADLINE,
  );
  const counter = 'i=0; while true; do i=$((i + 1)); echo "count $i"; sleep 0.1; done';
  await apply([loggingPod({ name: "counter", node, script: counter })]);
  await ready("counter");
  return node;
}

/** Resolves when a pod is ready. */
export async function ready(pod: string): Promise<void> {
  await kubectl(
    "wait",
    "--namespace",
    NAMESPACE,
    "--for=condition=Ready",
    `pod/${pod}`,
    DEADLINE,
  );
}

/** Resolves when all selected pods have succeeded. */
export async function succeeded(...selection: string[]): Promise<void> {
  await kubectl(
    "wait",
    "--namespace",
    NAMESPACE,
    "--for=jsonpath={.status.phase}=Succeeded",
    ...selection,
    DEADLINE,
  );
}
