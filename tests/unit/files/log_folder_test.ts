import assert from "node:assert/strict";
import { readFileNames, readLogFolder } from "../../../src/files/log_folder.ts";

async function withFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("links to regular files whose names are a log's are listed, and nothing else", () =>
  withFolder(async (folder) => {
    const target = `${folder}/target`;
    Deno.writeTextFileSync(target, "12345");
    Deno.symlinkSync(target, `${folder}/a_ns_c-1.log`);
    Deno.symlinkSync(target, `${folder}/a_other_c-2.log`);
    Deno.symlinkSync(`${folder}/none`, `${folder}/gone_ns_c-3.log`);
    Deno.symlinkSync("circle_ns_c-4.log", `${folder}/circle_ns_c-4.log`);
    Deno.mkdirSync(`${folder}/folder_ns_c-5.log`);
    const all = await readLogFolder(folder);
    assert.deepEqual([...all.entries.keys()].sort(), ["a_ns_c-1.log", "a_other_c-2.log"]);
    assert.deepEqual([...all.unknown], []);
    const entry = all.entries.get("a_ns_c-1.log");
    assert.deepEqual([entry?.facts.size, entry?.name.namespace], [5, "ns"]);
  }));

Deno.test("a folder that is not there is named", () =>
  withFolder((folder) => {
    assert.throws(() => readFileNames(`${folder}/none`), {
      name: "Failure",
      kind: "not-found",
      message: `Cannot list the log folder ${folder}/none: no such folder`,
    });
  }));
