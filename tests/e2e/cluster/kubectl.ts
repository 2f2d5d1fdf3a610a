/** Runs kubectl in the cluster of the current context; resolves to its standard output. */
export async function kubectl(...args: string[]): Promise<string> {
  return await command("kubectl", args);
}

/** Runs a command to its end. Throws an Error with its output if it fails. */
export async function command(name: string, args: string[], input?: string): Promise<string> {
  const child = new Deno.Command(name, {
    args,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { success, code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  throw new Error(
    `${name} ${args.join(" ")} ended with ${code}\n${text.decode(stdout)}${text.decode(stderr)}`,
  );
}

/** Creates the objects, or updates them. */
export async function apply(objects: readonly object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await command("kubectl", ["apply", "--server-side", "--filename", "-"], JSON.stringify(list));
}

/** The output of `kubectl get --output json` for an object or a list of them. */
export async function get<T>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl("get", ...args, "--output", "json")) as T;
}

/** The parts of a pod that are used here. */
export interface Pod {
  readonly metadata: { name: string; uid: string; deletionTimestamp?: string };
  readonly spec: { nodeName: string };
  readonly status: {
    phase: string;
    podIP?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { name: string; restartCount: number; containerID?: string }[];
  };
}

export function isReady(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined &&
    (pod.status.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}
