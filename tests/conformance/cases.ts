/** The recorded cases, as described in data/README.md. */

export interface RecordedRecord {
  readonly timestamp: string;
  readonly message: string;
  readonly is_final: boolean;
}

export interface RecordedItem {
  readonly id: string;
  readonly spec: {
    readonly node_name: string;
    readonly namespace: string;
    readonly pod_name: string;
    readonly container_name: string;
    readonly container_id: string;
  };
  readonly fileInfo: { readonly size: number; readonly last_modified_at: string };
}

export interface ConformanceCase {
  readonly id: string;
  readonly rpc: "List" | "StreamForward" | "StreamBackward";
  readonly client: "client" | "other" | "none";
  readonly metadata: readonly (readonly [string, string])[];
  readonly request: {
    readonly namespaces?: string[];
    readonly namespace?: string;
    readonly pod_name?: string;
    readonly container_name?: string;
    readonly container_id?: string;
    readonly start_time?: string;
    readonly stop_time?: string;
    readonly grep?: string;
    readonly follow_from?: "NOOP" | "DEFAULT" | "END";
  };
  /** Seconds. */
  readonly deadline_s?: number;
  readonly expect: {
    readonly code: string;
    readonly message_contains?: string;
    readonly records?: readonly RecordedRecord[];
    readonly digest?: { readonly count: number; readonly sha256: string };
    readonly items?: readonly RecordedItem[];
  };
}

export function conformanceCases(): ConformanceCase[] {
  const path = new URL("data/public.json", import.meta.url);
  return JSON.parse(Deno.readTextFileSync(path)) as ConformanceCase[];
}
