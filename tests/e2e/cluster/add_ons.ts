import assert from "node:assert/strict";
import { AGENT_NAMESPACE, helm } from "./cluster.ts";
import { command, kubectl } from "./kubectl.ts";

/** Runs the chart's test, and checks the objects that an upgrade has added: monitor, alerts and dashboard. */
export async function chartTest(): Promise<void> {
  const said = await command(helm, [
    "test",
    "kubetail-cluster-agent",
    "--namespace",
    AGENT_NAMESPACE,
  ]);
  assert.match(said, /Phase:\s+Succeeded/);
  const made = await kubectl(
    "get",
    "podmonitor,prometheusrule,configmap",
    "--namespace",
    AGENT_NAMESPACE,
    "--output",
    "name",
  );
  for (const kind of ["podmonitor", "prometheusrule"]) {
    assert.match(made, new RegExp(`^${kind}`, "m"));
  }
  assert.match(made, /^configmap\/.*dashboard/m);
}
