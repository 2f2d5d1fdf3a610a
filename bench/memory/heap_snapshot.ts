/** A heap snapshot in V8's format (Chrome DevTools' .heapsnapshot). */
export interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

/** A number of bytes in a number of objects. */
export interface HeapPart {
  readonly part: string;
  readonly bytes: number;
  readonly count: number;
}

export interface HeapSummary {
  readonly bytes: number;
  /** By the purpose for which V8 keeps it. */
  readonly byKind: readonly HeapPart[];
  /** The largest by constructor, or by V8's own name. */
  readonly byConstructor: readonly HeapPart[];
  /** The source texts of scripts, which V8 keeps for functions that are compiled lazily, by origin. */
  readonly sources: readonly HeapPart[];
}

const CONSTRUCTORS = 12;

/** The composition of a heap, by the objects' own sizes. */
export function summarizeHeap(heap: HeapSnapshot): HeapSummary {
  const { node_fields, node_types, edge_fields } = heap.snapshot.meta;
  const field = (name: string) => node_fields.indexOf(name);
  const [typeAt, nameAt, sizeAt, edgesAt] = ["type", "name", "self_size", "edge_count"].map(field);
  const kinds = new Parts();
  const constructors = new Parts();
  const sources = new Parts();
  let edge = 0;
  for (let node = 0; node < heap.nodes.length; node += node_fields.length) {
    const type = node_types[0][heap.nodes[node + typeAt!]!]!;
    const name = heap.strings[heap.nodes[node + nameAt!]!]!;
    const bytes = heap.nodes[node + sizeAt!]!;
    kinds.add(kindOf(type), bytes);
    constructors.add(constructorOf(type, name), bytes);
    const script = /^system \/ Script \/ (.*)$/.exec(name)?.[1];
    const last = edge + heap.nodes[node + edgesAt!]! * edge_fields.length;
    for (; edge < last; edge += edge_fields.length) {
      if (script === undefined || heap.strings[heap.edges[edge + 1]!] !== "source") continue;
      sources.add(originOf(script), heap.nodes[heap.edges[edge + 2]! + sizeAt!]!);
    }
  }
  return {
    bytes: kinds.bytes,
    byKind: kinds.list(),
    byConstructor: constructors.list().slice(0, CONSTRUCTORS),
    sources: sources.list(),
  };
}

class Parts {
  readonly #parts = new Map<string, { bytes: number; count: number }>();

  add(part: string, bytes: number): void {
    if (bytes === 0) return;
    const sum = this.#parts.get(part);
    if (sum === undefined) this.#parts.set(part, { bytes, count: 1 });
    else {
      sum.bytes += bytes;
      sum.count++;
    }
  }

  get bytes(): number {
    return [...this.#parts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  list(): HeapPart[] {
    return [...this.#parts].map(([part, sum]) => ({ part, ...sum }))
      .sort((a, b) => b.bytes - a.bytes);
  }
}

/** V8's node types in words; rare ones are combined. */
function kindOf(type: string): string {
  const kinds: Readonly<Record<string, string>> = {
    code: "compiled code and information about functions",
    string: "strings, including source texts",
    array: "arrays and parts of objects",
    native: "buffers, and V8's own",
    "object shape": "shapes of objects",
    closure: "functions",
    object: "objects",
  };
  return kinds[type] ?? "everything else";
}

function constructorOf(type: string, name: string): string {
  if (type === "string" || type === "concatenated string") return "(string)";
  if (type === "closure") return "(closure)";
  return name.replace(/^system \/ /, "").split(" / ")[0] || `(${type})`;
}

function originOf(script: string): string {
  return script.startsWith("file:") ? "the agent's bundle" : "the runtime, as far as it is loaded";
}
