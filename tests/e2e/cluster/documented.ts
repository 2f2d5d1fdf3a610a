import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AGENT_NAMESPACE, helm } from "./cluster.ts";
import { apply, command, kubectl } from "./kubectl.ts";
import {
  commandsIn,
  documentedCommands,
  project,
  treatment,
} from "../../harness/documented_commands.ts";

/**
 * Runs every command of the documents that needs a cluster with the agent installed, in order, with a pod's name for
 * POD. Commands that end with & keep running until the last one is done. Resolves to the number of commands.
 */
export async function runDocumentedCommands(pod: string): Promise<number> {
  const commands = documentedCommands().filter((each) => treatment(each) === "cluster");
  await apply([clusterAdmins()]);
  const background: Deno.ChildProcess[] = [];
  try {
    for (const { place, text } of commands) {
      // Migration refers to Kubetail's own release; this one is in its own namespace.
      const words = text.replace(/\bPOD\b/g, pod)
        .replace(/--namespace kubetail(?!-)/, `--namespace ${AGENT_NAMESPACE}`)
        .replace(/^helm(?= )/, helm);
      if (words.endsWith("&")) background.push(await forwarding(words.slice(0, -1)));
      else {
        assert.notEqual(await run(words, place), "", `${place}: ${words} prints nothing`);
      }
    }
  } finally {
    await end(background);
    for (const made of ["serviceaccount", "clusterrolebinding"]) {
      await kubectl("delete", made, "reader", "--ignore-not-found");
    }
  }
  return commands.length;
}

/**
 * Runs the commands that the chart's notes show after an installation, as the person who installed it and has the
 * client's certificate here. Resolves to the output of the last one: the first call.
 */
export async function runChartNotes(): Promise<string> {
  const notes = await command(helm, [
    "get",
    "notes",
    "kubetail-cluster-agent",
    "--namespace",
    AGENT_NAMESPACE,
  ]);
  // Indented text is meant to be pasted.
  const pasted = notes.split("\n").filter((line) => line.startsWith("  ")).join("\n");
  const folder = mkdtempSync(join(tmpdir(), "notes-"));
  const background: Deno.ChildProcess[] = [];
  let first = "";
  try {
    for (const file of ["client.crt", "client.key"]) {
      copyFileSync(join(project, ".dev/certificates", file), join(folder, file));
    }
    // INIT_CWD: a task within a task would keep the folder of the outer one.
    writeFileSync(
      join(folder, "kubetail-agent-tools"),
      `#!/bin/sh\nINIT_CWD="$PWD" exec deno task --quiet --config '${project}/deno.json' "$@"\n`,
      { mode: 0o755 },
    );
    for (const { text } of commandsIn(`\`\`\`sh\n${pasted}\n\`\`\``)) {
      const words = text.replace(/^helm(?= )/, helm);
      if (words.endsWith("&")) background.push(await forwarding(words.slice(0, -1)));
      else {
        const said = await run(words, "NOTES.txt", folder);
        if (words.startsWith("kubetail-agent-tools ")) first = said;
      }
    }
  } finally {
    await end(background);
    rmSync(folder, { recursive: true });
  }
  return first;
}

/** Runs a command to its end; resolves to its output, rejects with that and `place` if it fails. */
async function run(words: string, place: string, folder = project): Promise<string> {
  const { success, stdout, stderr } = await shell(words, folder).output();
  const decoder = new TextDecoder();
  assert.ok(success, `${place}: ${words}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

async function end(background: readonly Deno.ChildProcess[]): Promise<void> {
  for (const child of background) {
    child.kill("SIGTERM");
    await child.status;
  }
}

/** The binding that kubeadm creates in its clusters, for the administrator named in the documents. */
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

/** A port-forward whose ports accept connections. */
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

function shell(words: string, folder = project): Deno.Command {
  return new Deno.Command("bash", {
    args: ["-c", words],
    cwd: folder,
    env: { PATH: `${folder}:${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}
