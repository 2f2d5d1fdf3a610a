/** The engine alone, on one core, from bytes in memory to frames in memory: `deno bench bench/stage`. */
import { createScanner } from "../../src/scan/scan.ts";
import { longLine, makeLog } from "./memory_logs.ts";

const PIECE = 8 * 2 ** 20;
const cri = makeLog("cri", PIECE);
const docker = makeLog("docker", PIECE);

const cases = [
  { name: "all records", grep: "" },
  { name: "few hits: needle", grep: "needle" },
  { name: "few hits: (?i)needle", grep: "(?i)needle" },
  {
    name: "few hits: the client's form of two words",
    grep: String.raw`(?i)needle(?:(?:\x1B\[[0-9;]*[mK])?)*\s(?:(?:\x1B\[[0-9;]*[mK])?)*eye`,
  },
  { name: "no hit: 42 of 1999", grep: "42 of 1999" },
  { name: "15% hits: (error|timeout) .*reset", grep: "(error|timeout) .*reset" },
  { name: "in every header: \\d{2}\\.\\d{2}", grep: "\\d{2}\\.\\d{2}" },
  { name: "every line confirmed: [^ ]+@", grep: "[^ ]+@" },
];

for (const [format, bytes] of [["cri", cri], ["docker", docker]] as const) {
  for (const direction of ["forward", "backward"] as const) {
    for (const { name, grep } of cases) {
      if (direction === "backward" && !/all|\(\?i\)needle/.test(name)) continue;
      const scanner = await createScanner({ format, direction, grep, maxRecordBytes: 2 ** 21 });
      Deno.bench(`${format} ${direction}, ${name}, 8 MiB`, { group: `${format} 8 MiB` }, () => {
        scanner.scan(bytes, 0, bytes.length, { budget: 2 ** 30 });
      });
    }
  }
}

for (
  const [grep, character] of [
    ["(?i)^(a+)+$", "a"],
    ["(x+x+)+y", "x"],
    ["(.*)*\\d", "a"],
    ["(a|aa)+b", "a"],
    ["(error|timeout) .*reset", "error "],
  ] as const
) {
  const bytes = longLine(character, 2 ** 20 / character.length);
  const scanner = await createScanner({
    format: "cri",
    direction: "forward",
    grep,
    maxRecordBytes: 2 ** 21,
  });
  Deno.bench(`made to blow up: ${grep}, 1 MiB`, { group: "blow up" }, () => {
    scanner.scan(bytes, 0, bytes.length, { budget: 2 ** 30 });
  });
}
