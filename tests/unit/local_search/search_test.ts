import assert from "node:assert/strict";
import type { Failure } from "../../../src/failure/failure.ts";
import { type Search, searchPaths, type SearchReport } from "../../../src/local_search/search.ts";
import { compilePattern } from "../../../src/scan/pattern.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { criLines, LogTree } from "../../harness/log_tree.ts";

/** Records what it is told. */
class Told implements SearchReport {
  readonly told: string[] = [];
  constructor(readonly kind: SearchReport["kind"] = "lines") {}
  line(_file: string, { message }: { readonly message: string }): void {
    this.told.push(message);
  }
  gap(): void {
    this.told.push("--");
  }
  count(_file: string, count: number): void {
    this.told.push(`count ${count}`);
  }
  file(file: string): void {
    this.told.push(`file ${file}`);
  }
  flush(): void {}
  noContainerLog(path: string): void {
    this.told.push(`none ${path}`);
  }
  skipped(_folder: string, files: number): void {
    this.told.push(`skipped ${files}`);
  }
  failed({ kind }: Failure): void {
    this.told.push(`failed ${kind}`);
  }
}

function searchOf(options: Partial<Search> & Pick<Search, "paths">): Search {
  const pattern = options.pattern ?? "line";
  return {
    pattern,
    regex: options.byLines && pattern !== "" ? compilePattern(pattern, "cri").exact : null,
    invert: false,
    before: 0,
    after: 0,
    maxCount: null,
    window: { start: null, stop: null },
    direction: "forward",
    byLines: false,
    report: new Told(),
    ...options,
  };
}

async function told(options: Partial<Search> & Pick<Search, "paths">, kind?: SearchReport["kind"]) {
  const report = new Told(kind);
  const result = await searchPaths(searchOf({ ...options, report }), new AbortController().signal);
  return { ...result, told: report.told };
}

Deno.test("the engine and line by line find the same lines, in time windows and up to a count, too", async () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  using logs = new LogTree();
  const { path } = logs.add({ content: criLines(3000) });
  const at = (second: number) => ({
    seconds: Date.parse("2024-10-01T05:00:00Z") / 1000 + second,
    nanos: 0,
  });
  for (let round = 0; round < 8; round++) {
    const search = {
      paths: [path],
      pattern: random.pick(["line 1\\d*5$", "9", "", "(?i)LINE 2", "nothing"]),
      maxCount: random.chance(0.5) ? random.between(1, 50) : null,
      window: random.chance(0.5)
        ? { start: at(random.below(3000)), stop: null }
        : { start: null, stop: null },
    };
    const [engine, lines] = [await told(search), await told({ ...search, byLines: true })];
    assert.deepEqual(engine, lines, `SEED=${seed} round ${round}`);
    assert.equal(engine.found, engine.told.length);
  }
});

Deno.test("of each file its count, its name, or nothing is told, and no more is read than that takes", async () => {
  using logs = new LogTree();
  const { path } = logs.add({ content: criLines(10) });
  for (const byLines of [false, true]) {
    assert.deepEqual((await told({ paths: [path], byLines }, "count")).told, ["count 10"]);
    const files = await told({ paths: [path], byLines }, "files");
    assert.deepEqual([files.told, files.found], [[`file ${path}`], 1]);
    assert.deepEqual((await told({ paths: [path], byLines }, "nothing")).told, []);
  }
});

Deno.test("a file that is no container log or cannot be read is reported; the others are searched", async () => {
  using logs = new LogTree();
  const { path } = logs.add({ content: criLines(1) });
  const folder = `${logs.dir}/others`;
  Deno.mkdirSync(folder);
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${folder}/${name}.txt`, "hello\n");
  const result = await told({ paths: [`${logs.dir}/nowhere`, folder, `${folder}/a.txt`, path] });
  assert.deepEqual(result, {
    told: ["failed not-found", "skipped 2", `none ${folder}/a.txt`, "line 0"],
    found: 1,
    hasFailed: true,
  });
});

Deno.test("a pattern that is none ends the search: it is wrong for every file", async () => {
  using logs = new LogTree();
  const { path } = logs.add({ content: criLines(1) });
  await assert.rejects(told({ paths: [path], pattern: "(" }), /Invalid grep pattern/);
});

for (const byLines of [false, true]) {
  Deno.test(`a file that is truncated amid a search is reported, its new text is not searched (${byLines ? "line by line" : "by the engine"})`, async () => {
    using logs = new LogTree();
    const { path } = logs.add({ content: criLines(60_000) });
    const report = new Told();
    report.line = (_file, { message }) => {
      if (report.told.length === 0) {
        Deno.writeTextFileSync(
          path,
          criLines(90_000, "2025-10-01T05:00:00Z").replaceAll("line", "new"),
        );
      }
      report.told.push(message);
    };
    const search = searchOf({ paths: [path], pattern: "", byLines, report });
    const { hasFailed } = await searchPaths(search, new AbortController().signal);
    assert.ok(hasFailed);
    assert.equal(report.told.at(-1), "failed unavailable");
    assert.deepEqual(report.told.filter((line) => line.startsWith("new")), []);
  });
}
