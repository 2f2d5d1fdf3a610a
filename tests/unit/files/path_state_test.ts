import assert from "node:assert/strict";
import { exists, isAt, isSameFile, stateAt } from "../../../src/files/path_state.ts";
import { lstat, stat } from "../../../src/platform/files.ts";

Deno.test("a path holds a file, something else, nothing, or cannot be examined", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const [file, link, dangling] = [`${folder}/file`, `${folder}/link`, `${folder}/dangling`];
    Deno.writeTextFileSync(file, "");
    Deno.symlinkSync(file, link);
    Deno.symlinkSync("none", dangling);
    Deno.symlinkSync("circle", `${folder}/circle`);
    const open = stat(file);
    assert.ok(isSameFile(stateAt(stat, link).state, open));
    assert.deepEqual(stateAt(lstat, link).state, { kind: "other" });
    assert.deepEqual(stateAt(stat, dangling).state, { kind: "absent" });
    assert.deepEqual(stateAt(stat, folder).state, { kind: "other" });
    assert.deepEqual(stateAt(stat, `${folder}/circle`).state, { kind: "refused" });
    assert.deepEqual([isAt(file, open), isAt(link, open), isAt(folder, open)], [
      true,
      false,
      false,
    ]);
    assert.deepEqual([exists(dangling), exists(`${folder}/none`)], [true, false]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
