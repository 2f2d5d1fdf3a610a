import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const src = new URL("../../src/", import.meta.url);

/** Functions of scan, files and config that cannot have a short example: they need a file system or open segments, or belong to a thread. */
const WITHOUT_EXAMPLE: ReadonlySet<string> = new Set([
  "files/closed_segments.ts checkClosed",
  "files/closed_segments.ts closedDueAt",
  "files/closed_segments.ts finishAll",
  "files/closed_segments.ts parkClosed",
  "files/history.ts openHistory",
  "files/locate.ts locate",
  "files/locate.ts realRoots",
  "files/log_folder.ts readFileNames",
  "files/log_folder.ts readLogFolder",
  "files/missed_rotations.ts readRotatedContents",
  "files/open_log.ts openLog",
  "files/opened_path.ts ledToOpened",
  "files/path_state.ts isAt",
  "files/rotated_files.ts listRotatedFiles",
  "files/rotated_files.ts openRotatedFile",
  "scan/long_line.ts readLongLine",
  "scan/rust_regex.ts engineMemory",
  "scan/rust_regex.ts limitEngines",
  "scan/rust_regex.ts onEngine",
]);

interface Declaration {
  readonly path: string;
  readonly kind: "function" | "class";
  readonly name: string;
  /** "" where there is none. */
  readonly comment: string;
  readonly body: string;
}

/** Exported functions and classes, read by their layout, which `deno fmt` keeps. */
function declarations(): Declaration[] {
  const found: Declaration[] = [];
  for (const path of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (!/\.ts$/.test(path) || /^generated\/|\.d\.ts$/.test(path)) continue;
    const text = readFileSync(new URL(path, src), "utf8");
    const pattern =
      /(?:^(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?^export (?:async )?(?:abstract )?(function\*?|class) (\w+)([^]*?)^}$/gm;
    for (const [, comment = "", kind, name = "", body = ""] of text.matchAll(pattern)) {
      found.push({ path, kind: kind === "class" ? "class" : "function", name, comment, body });
    }
  }
  return found;
}

const all = declarations();
const shown = ({ path, name }: Declaration) => `${path} ${name}`;

Deno.test("every exported function and class has a documentation comment", () => {
  assert.ok(all.length > 200, `only ${all.length} declarations: the sources were not read`);
  assert.deepEqual(all.filter(({ comment }) => comment === "").map(shown), []);
});

Deno.test("a function that throws says so", () => {
  const silent = all.filter(({ kind, comment, body }) =>
    kind === "function" && /^ {2}(?:if \(.*\) )?throw /m.test(body) &&
    !/\b(?:throws?|rejects?)\b/i.test(comment)
  );
  assert.deepEqual(silent.map(shown), []);
});

Deno.test("pure functions of scan, files and config have an example that can fail", () => {
  const pure = all.filter((one) =>
    one.kind === "function" && /^(?:scan|files|config)\//.test(one.path)
  );
  const without = pure.filter(({ comment }) => !/```ts\n[^]*\bassert\b/.test(comment)).map(shown);
  assert.deepEqual(without.sort(), [...WITHOUT_EXAMPLE].sort());
  const toothless = all.filter(({ comment }) => /```ts\n[^]*console\.assert/.test(comment));
  assert.deepEqual(toothless.map(shown), [], "console.assert only prints");
});
