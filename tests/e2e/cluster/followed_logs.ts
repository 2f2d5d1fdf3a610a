import type * as grpc from "@grpc/grpc-js";
import {
  FollowFrom,
  type LogMetadata,
  type LogMetadataWatchEvent,
  type LogRecord,
} from "../../../src/generated/cluster_agent.ts";
import { metadata, request } from "../../harness/calls.ts";
import { logOf, reader } from "./callers.ts";
import type { AgentConnection } from "./cluster.ts";
import { Lines } from "./lines.ts";
import { NAMESPACE } from "./pods.ts";

/** Every matching log that a watch shows, followed from its beginning, as the Cluster API does with a new pod. */
export class FollowedLogs implements Disposable {
  /** By pod, container and container id. */
  readonly lines = new Map<string, Lines>();
  readonly #endings: Promise<{ code: string; details: string }>[] = [];
  readonly #watch: grpc.ClientReadableStream<LogMetadataWatchEvent>;
  #waiting: (() => void)[] = [];

  constructor(agent: AgentConnection, wanted: (log: LogMetadata) => boolean) {
    this.#watch = agent.metadata.watch({ namespaces: [NAMESPACE] }, metadata(reader));
    this.#watch.on("error", () => {}); // a failed watch is noticed because its logs never appear
    this.#watch.on("data", ({ type, object }: LogMetadataWatchEvent) => {
      if (type !== "ADDED" || object === undefined || !wanted(object)) return;
      const lines = new Lines();
      const call: grpc.ClientReadableStream<LogRecord> = agent.records.streamForward(
        request({ ...logOf(object), follow_from: FollowFrom.DEFAULT }),
        metadata(reader),
      );
      const { pod_name, container_name } = object.spec!;
      this.lines.set(`${pod_name}/${container_name}/${object.id}`, lines);
      this.#endings.push(lines.read(call));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when that many logs have been seen. */
  async reach(count: number): Promise<void> {
    while (this.lines.size < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** How each follow ended, once all have. */
  ended(): Promise<{ code: string; details: string }[]> {
    return Promise.all(this.#endings);
  }

  [Symbol.dispose](): void {
    this.#watch.cancel();
  }
}
