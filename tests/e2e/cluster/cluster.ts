import * as grpc from "@grpc/grpc-js";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import {
  LogMetadataServiceClient,
  LogRecordsServiceClient,
} from "../../../src/generated/cluster_agent.ts";
import { deferClientSessionEnds } from "../../../src/rpc/grpc_js/session_ends.ts";
import { get, isReady, kubectl, type Pod } from "./kubectl.ts";
import { NODE_NAMESPACE, NODE_POD } from "./pods.ts";

// The tests' own connections use the same platform as the agent's.
deferClientSessionEnds();

export const AGENT_NAMESPACE = "kubetail-system";
/** The program that installs the chart. */
export const helm = Deno.env.get("HELM") || "helm";
/** The certificate of .dev/certificates that a client presents: the Cluster API's, somebody else's, or none. */
export type Certificate = "client" | "stranger" | "none";

const certificates = new URL("../../../.dev/certificates/", import.meta.url).pathname;

/** A connection to the agent of one node. */
export interface AgentConnection extends Disposable {
  readonly pod: Pod;
  readonly records: LogRecordsServiceClient;
  readonly metadata: LogMetadataServiceClient;
}

/** The agent's running pod on a node; waits for one that is ready and has another name than `not`. */
export async function agentPod(node: string, not = ""): Promise<Pod> {
  for (let tries = 0; tries < 600; tries++) {
    const { items } = await get<{ items: Pod[] }>(
      "pods",
      "--namespace",
      AGENT_NAMESPACE,
      "--selector",
      "app.kubernetes.io/component=cluster-agent",
      "--field-selector",
      `spec.nodeName=${node}`,
    );
    const found = items.find((pod) => isReady(pod) && pod.metadata.uid !== not);
    if (found !== undefined) return found;
    await wait(200); // a replacement pod has a new name, which `kubectl wait` would have to know
  }
  throw new Error(`No agent becomes ready on ${node}`);
}

/**
 * Connects to a pod of the agent: at its own address if AGENT_DIRECT is set, because then this process is on the pods'
 * network; otherwise through a port-forward.
 */
export async function connectAgent(
  pod: Pod,
  certificate: Certificate = "client",
): Promise<AgentConnection> {
  using stack = new DisposableStack();
  const address = Deno.env.get("AGENT_DIRECT")
    ? `${pod.status.podIP}:50051`
    : stack.use(await forward(pod)).address;
  const credentials = certificate === "none"
    ? grpc.credentials.createSsl(read("ca.crt"))
    : grpc.credentials.createSsl(
      read("ca.crt"),
      read(`${certificate}.key`),
      read(`${certificate}.crt`),
    );
  const options = {
    "grpc.ssl_target_name_override": "kubetail-cluster-agent",
    "grpc.use_local_subchannel_pool": 1,
  };
  const records = new LogRecordsServiceClient(address, credentials, options);
  const metadata = new LogMetadataServiceClient(address, credentials, options);
  stack.defer(() => {
    records.close();
    metadata.close();
  });
  const kept = stack.move();
  return { pod, records, metadata, [Symbol.dispose]: () => kept.dispose() };
}

/** Runs a shell script on the node, in the pod that can see it. */
export function onNode(script: string): Promise<string> {
  return kubectl("exec", "--namespace", NODE_NAMESPACE, NODE_POD, "--", "/bin/sh", "-c", script);
}

async function forward(pod: Pod): Promise<Disposable & { readonly address: string }> {
  const child = new Deno.Command("kubectl", {
    args: [
      "port-forward",
      "--namespace",
      AGENT_NAMESPACE,
      `pod/${pod.metadata.name}`,
      ":50051",
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let port: string | undefined;
  // "Forwarding from 127.0.0.1:PORT -> 50051" is the event.
  while (port === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`kubectl port-forward ended: ${said}`);
    said += value;
    port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1];
  }
  void drainReader(reader);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.destroy();
      resolve();
    }).on("error", reject);
  });
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.dispose]: () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It ended with the pod.
      }
      void child.status;
    },
  };
}

async function drainReader(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

function read(name: string): Buffer {
  return Buffer.from(Deno.readFileSync(`${certificates}${name}`));
}
