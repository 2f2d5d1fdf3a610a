/** The engine's stages one by one, each over the lines of the same 8 MiB. */
import { isUtf8 } from "node:buffer";
import { CandidateLines } from "../../src/scan/candidate_lines.ts";
import { CriParser } from "../../src/scan/cri.ts";
import { DockerParser } from "../../src/scan/docker.ts";
import { FrameWriter } from "../../src/scan/frames.ts";
import type { LineParser } from "../../src/scan/lines.ts";
import { NeedleSearch } from "../../src/scan/needle_search.ts";
import { derivePrefilter } from "../../src/scan/literal_prefilter.ts";
import { plainText } from "../../src/scan/encoding.ts";
import { RustRegex } from "../../src/scan/rust_regex.ts";
import { isAscii, trimmedEnd } from "../../src/scan/text.ts";
import { windowStart } from "../../src/scan/time_search.ts";
import { makeLog } from "./memory_logs.ts";

const PIECE = 8 * 2 ** 20;
/** Length of a CRI header in these logs. */
const header = "2024-10-01T05:40:46.960135302Z stdout F ".length;

const cri = makeLog("cri", PIECE);
const docker = makeLog("docker", PIECE);
const lines = allLines(cri);

Deno.bench("find all lines", () => {
  allLines(cri);
});

for (
  const [name, parser, bytes] of [
    ["CRI", new CriParser(), cri],
    ["Docker", new DockerParser(), docker],
  ] as const
) {
  const theirs = allLines(bytes);
  Deno.bench(
    `parse ${name} lines`,
    () => forEach(theirs, (start, end) => parse(parser, bytes, start, end)),
  );
}

Deno.bench("is a block UTF-8?", () => {
  isUtf8(cri);
});

Deno.bench(
  "is each message ASCII?",
  () => forEach(lines, (start, end) => isAscii(cri, start + header, end)),
);

Deno.bench(
  "trim messages",
  () => forEach(lines, (start, end) => trimmedEnd(cri, start + header, end)),
);

const frames = new FrameWriter();
const parsed = new CriParser();
parse(parsed, cri, lines.starts[0]!, lines.ends[0]!);
Deno.bench("write frames", () => {
  forEach(lines, (start, end) => frames.add(parsed, cri, start + header, end, true));
  frames.take();
});

for (const pattern of ["needle", "(?i)needle", "error|timeout", "\\d{2}\\.\\d{2}"]) {
  const need = derivePrefilter(new RustRegex(pattern).syntax()!, plainText);
  if (typeof need === "string") throw new Error(`no needles of ${pattern}`);
  const search = new NeedleSearch(need.needles);
  Deno.bench(`search for the needles of ${pattern}`, () => {
    search.begin(cri, 0, cri.length);
    for (let at = search.next(0); at >= 0; at = search.next(at + 1));
  });
}

for (const pattern of ["needle", "error .*reset", String.raw`(?i)error\s\w+ed`]) {
  const regex = new RustRegex(pattern);
  Deno.bench(
    `confirm each message: ${pattern}`,
    () => forEach(lines, (start, end) => regex.matches(cri, start + header, end)),
  );
}

const source = {
  size: cri.length,
  readAt(offset: number, into: Uint8Array): number {
    const part = cri.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  },
};
Deno.bench("find a line by its time", async () => {
  const range = { from: 0, to: cri.length };
  await windowStart(source, "cri", { seconds: 1_727_761_260, nanos: 0 }, range, () => null);
});

function allLines(bytes: Uint8Array): CandidateLines {
  const found = new CandidateLines();
  found.takeAll(bytes, 0, bytes.length);
  return found;
}

function forEach(of: CandidateLines, look: (start: number, end: number) => unknown): void {
  for (let i = 0; i < of.count; i++) look(of.starts[i]!, of.ends[i]!);
}

function parse(parser: LineParser, bytes: Uint8Array, start: number, end: number): void {
  if (!parser.parse(bytes, start, end)) throw new Error("a line of the log is malformed");
}
