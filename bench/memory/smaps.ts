/** The composition of a process's memory according to /proc/PID/smaps, in MB. */
export interface MapsPart {
  readonly part: string;
  readonly residentMB: number;
  /** Pages that no other process has. */
  readonly privateMB: number;
  /** Pages that were written, and therefore no longer belong to a file. */
  readonly dirtyMB: number;
}

/** Parts by the mappings that they consist of; the first match counts. */
const parts: readonly (readonly [string, (path: string, rights: string) => boolean])[] = [
  ["the runtime's program", (path, rights) => isProgram(path) && rights.includes("x")],
  ["the runtime's constants and snapshot", (path, rights) => isProgram(path) && rights === "r--p"],
  ["the runtime's variables", (path) => isProgram(path)],
  ["malloc", (path) => path === "[heap]"],
  ["V8's heaps and code, threads' stacks, malloc's large blocks", (path) => path === ""],
  ["the main thread's stack", (path) => path === "[stack]"],
  ["the C library", (path) => /\.so[.\d]*$/.test(path)],
  ["everything else", () => true],
];

function isProgram(path: string): boolean {
  return /\/(?:deno|kubetail-cluster-agent)[^/]*$/.test(path) && !path.includes(".so") &&
    !path.includes("cache");
}

/** The parts of a process's memory, from the text of its smaps; parts without pages are omitted. */
export function mapsParts(smaps: string): MapsPart[] {
  const sums = new Map(parts.map(([part]) => [part, { resident: 0, private: 0, dirty: 0 }]));
  let sum = sums.get("everything else")!;
  for (const line of smaps.split("\n")) {
    const mapping = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (mapping !== null) {
      const [, rights = "", path = ""] = mapping;
      sum = sums.get(parts.find(([, fits]) => fits(path, rights))![0])!;
      continue;
    }
    const [, field, kilobytes] = /^(\w+):\s+(\d+) kB$/.exec(line) ?? [];
    const megabytes = Number(kilobytes) * 1024 / 1e6;
    if (field === "Rss") sum.resident += megabytes;
    if (field === "Private_Clean" || field === "Private_Dirty") sum.private += megabytes;
    if (field === "Private_Dirty" || field === "Shared_Dirty") sum.dirty += megabytes;
  }
  return [...sums]
    .map(([part, { resident, private: own, dirty }]) => ({
      part,
      residentMB: resident,
      privateMB: own,
      dirtyMB: dirty,
    }))
    .filter(({ residentMB }) => residentMB > 0)
    .sort((a, b) => b.residentMB - a.residentMB);
}
