import { type handleUnaryCall, Metadata } from "@grpc/grpc-js";
import type { FileWatcher } from "../files/file_watcher.ts";
import type { LogRoots } from "../files/locate.ts";
import { checkNamespace } from "../files/name.ts";
import { LogMetadataServiceService } from "../generated/cluster_agent.ts";
import type {
  LogMetadataListRequest,
  LogMetadataServiceServer,
} from "../generated/cluster_agent.ts";
import { type EncodedList, LogLister } from "../metadata/list.ts";
import { watchLogs } from "../metadata/watch.ts";
import type { Report } from "../telemetry/events.ts";
import type { Calls } from "./calls.ts";
import { drained } from "./drained.ts";

export interface MetadataServiceOptions {
  readonly calls: Calls;
  readonly roots: LogRoots;
  readonly nodeName: string;
  readonly watcher: FileWatcher;
  readonly debounceMs: number;
  readonly report: Report;
}

/** cluster_agent.LogMetadataService as generated, except that List's answer is already encoded. */
export const metadataServiceDefinition = {
  ...LogMetadataServiceService,
  list: {
    ...LogMetadataServiceService.list,
    responseSerialize: ({ bytes }: EncodedList) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
  },
} as const;

/** The handlers of metadataServiceDefinition. */
export type MetadataServiceHandlers = Pick<LogMetadataServiceServer, "watch"> & {
  readonly list: handleUnaryCall<LogMetadataListRequest, EncodedList>;
};

/** List and Watch of cluster_agent.LogMetadataService. */
export function metadataService(options: MetadataServiceOptions): MetadataServiceHandlers {
  const { calls, roots, nodeName, watcher, debounceMs, report } = options;
  const lister = new LogLister({ roots, nodeName });
  return {
    list: calls.unary({
      name: "cluster_agent.LogMetadataService/List",
      kind: "unary",
      check: distinctNamespaces,
      access: (namespaces) => namespaces,
      memory,
    }, async (running, namespaces) => {
      const list = await lister.list(namespaces, running.signal);
      running.records = list.count;
      return list;
    }),
    watch: calls.serverStream({
      name: "cluster_agent.LogMetadataService/Watch",
      kind: "unbounded",
      check: distinctNamespaces,
      access: (namespaces) => namespaces,
      memory,
    }, async (running, namespaces, call) => {
      const { signal } = running;
      const events = watchLogs({
        roots,
        nodeName,
        namespaces,
        watcher,
        debounceMs,
        signal,
        report,
      });
      await events.begun;
      // The headers tell the client that the watch has begun; events may come much later.
      call.sendMetadata(new Metadata());
      for await (const event of events) {
        running.records++;
        if (!call.write(event) && !await drained(call, signal)) return;
      }
    }),
  };
}

/** Memory of one name, in addition to its characters: a string, and its places in a call's lists and sets. */
const NAME_BYTES = 160;

function memory(namespaces: readonly string[]): number {
  return namespaces.reduce((sum, name) => sum + name.length + NAME_BYTES, 0);
}

/** Drops empty names; an empty result means every namespace. Throws Failure naming an invalid one. */
function distinctNamespaces(request: { readonly namespaces: readonly string[] }): string[] {
  const distinct = new Set(request.namespaces.filter((name) => name !== ""));
  return [...distinct].map(checkNamespace);
}
