import { Metadata } from "@grpc/grpc-js";
import { checkNamespace } from "../files/name.ts";
import type { Changes } from "../files/changes.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogMetadataServiceServer } from "../generated/cluster_agent.ts";
import { listLogs } from "../metadata/list.ts";
import { watchLogs } from "../metadata/watch.ts";
import type { Report } from "../telemetry/events.ts";
import type { CallAuthorizer } from "./call_authorizer.ts";
import type { Calls } from "./calls.ts";
import { drained } from "./drained.ts";

export interface MetadataServiceOptions {
  readonly calls: Calls;
  readonly callAuthorizer: CallAuthorizer;
  readonly roots: LogRoots;
  readonly nodeName: string;
  readonly changes: Changes;
  readonly debounceMs: number;
  readonly report: Report;
}

/** List and Watch: decode, authorize, call the core. */
export function metadataService(options: MetadataServiceOptions): LogMetadataServiceServer {
  const { calls, callAuthorizer, roots, nodeName, changes, debounceMs, report } = options;
  return {
    async list(call, respond) {
      let items: ReturnType<typeof listLogs> = [];
      const status = await calls.run(call, {
        method: "cluster_agent.LogMetadataService/List",
        kind: "unary",
      }, async (running) => {
        const identity = callAuthorizer.identify(call, running);
        const namespaces = distinctNamespaces(call.request.namespaces);
        await callAuthorizer.admit(identity, namespaces, running);
        items = listLogs({ roots, nodeName, namespaces });
        running.records = items.length;
      });
      if (status.code === 0) respond(null, { items });
      else respond(status);
    },
    async watch(call) {
      const status = await calls.run(call, {
        method: "cluster_agent.LogMetadataService/Watch",
        kind: "endless",
      }, async (running) => {
        const identity = callAuthorizer.identify(call, running);
        const namespaces = distinctNamespaces(call.request.namespaces);
        await callAuthorizer.admit(identity, namespaces, running);
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
        // The client learns that the watch stands before the first event.
        call.sendMetadata(new Metadata());
        for await (const event of events) {
          running.records++;
          if (!call.write(event) && !await drained(call, signal)) return;
        }
      });
      if (status.code === 0) call.end();
      else call.emit("error", status);
    },
  };
}

/** Empty names are dropped; none left means every namespace. Throws Failure naming an illegal one. */
function distinctNamespaces(names: readonly string[]): string[] {
  const distinct = new Set(names.filter((name) => name !== ""));
  return [...distinct].map(checkNamespace);
}
