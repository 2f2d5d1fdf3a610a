import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { fileBlocks } from "../../../src/local_search/file_blocks.ts";
import { openInput } from "../../../src/local_search/inputs.ts";
import { cannotExamine, examineText } from "../../harness/examine.ts";
import { criLine } from "../../harness/log_tree.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";

const START = Date.parse("2024-10-01T05:00:00Z");

/** Lines of 100 bytes, so that a file with 10,000 lines has four blocks. */
function linesOf(from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    text += criLine(new Date(START + i).toISOString(), `${i} ${"x".repeat(60)}`);
  }
  return text;
}

const whole = linesOf(0, 10_000);

/** The text of a file's blocks, and how many bytes were lost, if this happens after the first block. */
async function readAmid(happen: (path: string) => void): Promise<{ text: string; lost: number }> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "blocks-" }));
  const path = `${folder}/0.log`;
  try {
    Deno.writeTextFileSync(path, whole);
    using source = openInput(
      path,
      (_file, range) => Promise.resolve(examineText(inMemory(bytes), range)),
    );
    let text = "";
    let lost = 0;
    const onLost = (bytes: number) => void (lost += bytes);
    for await (
      const block of fileBlocks(source, { signal: new AbortController().signal, onLost })
    ) {
      if (text === "") happen(path);
      text += new TextDecoder().decode(block);
    }
    return { text, lost };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const bytes = new TextEncoder().encode(whole);
const truncate = (path: string) => Deno.writeTextFileSync(path, linesOf(10_000, 30_000));

Deno.test("a file is read as it was when it was opened", async () => {
  const { text, lost } = await readAmid((path) => {
    Deno.writeTextFileSync(path, linesOf(10_000, 10_010), { append: true });
  });
  assert.equal(text, whole);
  assert.equal(lost, 0);
});

Deno.test("regression: when a file was truncated and rewritten during a search, the new text was read at old offsets", async (t) => {
  await t.step("a plain copy", async () => {
    const { text, lost } = await readAmid((path) => {
      Deno.copyFileSync(path, `${path}.1`);
      truncate(path);
    });
    assert.ok(text === whole);
    assert.equal(lost, 0);
  });
  await t.step("a compressed copy", async () => {
    const { text, lost } = await readAmid((path) => {
      Deno.writeFileSync(`${path}.1.gz`, gzipSync(bytes));
      truncate(path);
    });
    assert.ok(text === whole);
    assert.equal(lost, 0);
  });
  await t.step("no copy", async () => {
    const { text, lost } = await readAmid(truncate);
    assert.ok(text.length > 0 && whole.startsWith(text));
    assert.equal(text.length + lost, whole.length, "neither given out nor counted");
  });
});

Deno.test("inflated files are read to their ends", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "blocks-" });
  try {
    Deno.writeFileSync(`${folder}/0.log.1.gz`, gzipSync(bytes));
    using source = openInput(`${folder}/0.log.1.gz`, cannotExamine);
    let text = "";
    const options = { signal: new AbortController().signal, onLost: () => assert.fail() };
    for await (const block of fileBlocks(source, options)) text += new TextDecoder().decode(block);
    assert.ok(text === whole);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
