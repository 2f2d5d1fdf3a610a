import type { HeapPart } from "../memory/heap_snapshot.ts";
import type { MemoryRun } from "../memory/kept_run.ts";
import type { Sample } from "../memory/subject.ts";
import { median } from "../peers/kept_run.ts";
import { markdownTable, markdownText, number } from "../peers/report_table.ts";

const names: Readonly<Record<string, string>> = {
  bundle: "the released bundle",
  sources: "the sources",
  before: "before",
  "Rust agent": "Kubetail's Rust agent",
};

/** A run of bench:memory as Markdown tables, by the kinds that documents name. */
export const memoryTables: Readonly<Record<string, (run: MemoryRun) => string>> = {
  idle: ({ idle }) =>
    markdownTable(
      ["idle", "resident", "min … max", "of which anonymous", "proportional", "CPU to start"],
      Object.entries(idle).map(([subject, samples]) => {
        const values = (key: keyof Sample) => samples.map((sample) => sample[key]);
        const middle = (key: keyof Sample) => `${number(median(values(key)))} MB`;
        const resident = values("residentMB");
        // The system counts in hundredths of a second.
        const startCpu = median(values("startCpuMs"));
        return [
          names[subject] ?? subject,
          subject === "bundle" ? `**${middle("residentMB")}**` : middle("residentMB"),
          `${number(Math.min(...resident))} … ${number(Math.max(...resident))}`,
          middle("anonymousMB"),
          middle("proportionalMB"),
          startCpu < 10 ? "under 10 ms" : `${number(startCpu)} ms`,
        ];
      }),
    ),
  maps: ({ composition: { maps } }) =>
    markdownTable(
      ["mappings", "resident", "this process's alone", "written"],
      [
        ...maps.map((one) => [one.part, one.residentMB, one.privateMB, one.dirtyMB] as const),
        [
          "**together**",
          sum(maps.map(({ residentMB }) => residentMB)),
          sum(maps.map(({ privateMB }) => privateMB)),
          sum(maps.map(({ dirtyMB }) => dirtyMB)),
        ] as const,
      ].map(([part, ...megabytes]) => [
        part,
        ...megabytes.map((value) => `${megabytesText(value)} MB`),
      ]),
    ),
  heap: ({ composition: { heap } }) =>
    [
      `The heap's ${megabytesText(heap.bytes / 1e6)} MB by purpose:`,
      heapTable("kind", heap.byKind),
      "The source texts in it, which V8 keeps as long as a function may still be compiled:",
      heapTable("from", heap.sources),
      "The largest parts by constructor, or by V8's own names:",
      heapTable("constructor", heap.byConstructor),
    ].join("\n\n"),
  added: ({ added }) =>
    added === undefined ? "Not measured in this run." : markdownTable(
      ["an agent with", "resident"],
      [
        ["nothing to do", `${number(added.idle)} MB`],
        [`${added.followers.count} followers of quiet logs`, `${number(added.followers.after)} MB`],
        [
          `${added.search.streams} searches at once, at the peak`,
          `${number(added.search.peak)} MB`,
        ],
        [
          `${added.slowReaders.count} readers that have stopped`,
          `${number(added.slowReaders.after)} MB`,
        ],
      ],
    ),
};

function heapTable(head: string, parts: readonly HeapPart[]): string {
  return markdownTable(
    [head, "objects", "size"],
    parts.map(({ part, bytes, count }) => [
      markdownText(part),
      count.toLocaleString("en-US"),
      `${megabytesText(bytes / 1e6)} MB`,
    ]),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function megabytesText(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
