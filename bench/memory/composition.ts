/** The composition of an idle agent's memory. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type HeapSnapshot, type HeapSummary, summarizeHeap } from "./heap_snapshot.ts";
import { type MapsPart, mapsParts } from "./smaps.ts";
import { freePort } from "../../hack/free_ports.ts";
import { SETTLE_MS, start, type Subject } from "./subject.ts";

export interface Composition {
  readonly maps: readonly MapsPart[];
  readonly heap: HeapSummary;
}

/**
 * Examines two agents, because the inspector, which the heap snapshot needs, itself takes memory. Rejects if the
 * inspector is unavailable.
 */
export async function composition(subject: Subject, folder: string): Promise<Composition> {
  return { maps: await maps(subject, folder), heap: await heap(subject, folder) };
}

async function maps(subject: Subject, folder: string): Promise<MapsPart[]> {
  await using running = await start(subject, folder);
  await wait(SETTLE_MS);
  return mapsParts(readFileSync(`/proc/${running.pid}/smaps`, "utf8"));
}

async function heap(subject: Subject, folder: string): Promise<HeapSummary> {
  const address = `127.0.0.1:${freePort()}`;
  await using _running = await start(subject, folder, [`--inspect=${address}`]);
  await wait(SETTLE_MS);
  const targets = await (await fetch(`http://${address}/json`)).json();
  const text = await takeSnapshot(targets[0].webSocketDebuggerUrl);
  return summarizeHeap(JSON.parse(text) as HeapSnapshot);
}

/** HeapProfiler of the Chrome DevTools protocol. */
function takeSnapshot(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = new WebSocket(url);
  const chunks: string[] = [];
  socket.onerror = () => reject(new Error(`Cannot take a heap snapshot: no inspector at ${url}`));
  socket.onclose = () => reject(new Error("Cannot take a heap snapshot: the agent has ended"));
  socket.onopen = () => {
    socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.enable" }));
    socket.send(JSON.stringify({ id: 2, method: "HeapProfiler.takeHeapSnapshot" }));
  };
  socket.onmessage = ({ data }) => {
    const { id, method, params, error } = JSON.parse(data);
    if (method === "HeapProfiler.addHeapSnapshotChunk") chunks.push(params.chunk);
    if (error !== undefined) reject(new Error(`Cannot take a heap snapshot: ${error.message}`));
    if (id === 2) resolve(chunks.join(""));
  };
  return promise.finally(() => socket.close());
}
