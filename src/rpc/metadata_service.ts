import { Metadata } from "@grpc/grpc-js";
import type { Changes } from "../files/changes.ts";
import type { LogRoots } from "../files/locate.ts";
import { checkNamespace } from "../files/name.ts";
import type { LogMetadataServiceServer } from "../generated/cluster_agent.ts";
import { listLogs } from "../metadata/list.ts";
import { watchLogs } from "../metadata/watch.ts";
import type { Report } from "../telemetry/events.ts";
import type { Calls } from "./calls.ts";
import { drained } from "./drained.ts";

export interface MetadataServiceOptions {
  readonly calls: Calls;
  readonly roots: LogRoots;
  readonly nodeName: string;
  readonly changes: Changes;
  readonly debounceMs: number;
  readonly report: Report;
}

/** List and Watch of cluster_agent.LogMetadataService. */
export function metadataService(options: MetadataServiceOptions): LogMetadataServiceServer {
  const { calls, roots, nodeName, changes, debounceMs, report } = options;
  return {
    list: calls.unary({
      name: "cluster_agent.LogMetadataService/List",
      kind: "unary",
      check: distinctNamespaces,
      access: (namespaces) => namespaces,
    }, (running, namespaces) => {
      const items = listLogs({ roots, nodeName, namespaces });
      running.records = items.length;
      return { items };
    }),
    watch: calls.serverStream({
      name: "cluster_agent.LogMetadataService/Watch",
      kind: "endless",
      check: distinctNamespaces,
      access: (namespaces) => namespaces,
    }, async (running, namespaces, call) => {
      const { signal } = running;
      const events = watchLogs({
        roots,
        nodeName,
        namespaces,
        changes,
        debounceMs,
        signal,
        report,
      });
      // The headers tell the client that the watch has begun; events may come much later.
      call.sendMetadata(new Metadata());
      for await (const event of events) {
        running.records++;
        if (!call.write(event) && !await drained(call, signal)) return;
      }
    }),
  };
}

/** Empty names are dropped; none left means every namespace. Throws Failure naming an illegal one. */
function distinctNamespaces(request: { readonly namespaces: readonly string[] }): string[] {
  const distinct = new Set(request.namespaces.filter((name) => name !== ""));
  return [...distinct].map(checkNamespace);
}
