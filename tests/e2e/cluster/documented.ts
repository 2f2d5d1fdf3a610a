import assert from "node:assert/strict";
import { dirname } from "node:path";
import { AGENT_NAMESPACE, helm } from "./cluster.ts";
import { apply, kubectl } from "./kubectl.ts";
import { documentedCommands, project, treatment } from "../../harness/documented_commands.ts";

/**
 * Runs every command of the documents that needs a cluster with the agent installed, in order, with a
 * pod's name for POD. Those that end in & go on until the last is done. Resolves with how many.
 */
export async function runDocumentedCommands(pod: string): Promise<number> {
  const commands = documentedCommands().filter((each) => treatment(each) === "cluster");
  await apply([clusterAdmins()]);
  const background: Deno.ChildProcess[] = [];
  try {
    for (const { place, text } of commands) {
      // Migration speaks of Kubetail's own release; this one is in a namespace of its own.
      const words = text.replace(/\bPOD\b/g, pod)
        .replace(/--namespace kubetail(?!-)/, `--namespace ${AGENT_NAMESPACE}`)
        .replace(/^helm(?= )/, helm);
      if (words.endsWith("&")) background.push(await forwarding(words.slice(0, -1)));
      else {
        const { success, stdout, stderr } = await shell(words).output();
        const decoder = new TextDecoder();
        assert.ok(
          success,
          `${place}: ${words}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`,
        );
        assert.notEqual(decoder.decode(stdout), "", `${place}: ${words} prints nothing`);
      }
    }
  } finally {
    for (const child of background) {
      child.kill("SIGTERM");
      await child.status;
    }
    for (const made of ["serviceaccount", "clusterrolebinding"]) {
      await kubectl("delete", made, "reader", "--ignore-not-found");
    }
  }
  return commands.length;
}

/** The binding that kubeadm makes in every cluster of its own, for the administrator whom the documents name. */
function clusterAdmins(): object {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "kubeadm:cluster-admins" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Group",
      name: "kubeadm:cluster-admins",
    }],
  };
}

/** A port-forward, once its ports take connections. */
async function forwarding(words: string): Promise<Deno.ChildProcess> {
  const child = shell(`exec ${words}`).spawn();
  void new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("Forwarding from")) {
    const { value, done } = await reader.read();
    assert.ok(!done, `${words} ended: ${said}`);
    said += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return child;
}

function shell(words: string): Deno.Command {
  return new Deno.Command("bash", {
    args: ["-c", words],
    cwd: project,
    env: { PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}
