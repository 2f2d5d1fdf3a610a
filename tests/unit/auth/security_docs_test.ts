import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

const project = new URL("../../../", import.meta.url).pathname;

Deno.test("every test that docs/security.md names exists under that name", () => {
  const text = readFileSync(`${project}docs/security.md`, "utf8");
  const named = [...text.matchAll(/`(tests\/[\w./]+_test\.ts)`(?:: ([^|)\n]+?)\s*[|)])?/g)];
  assert.ok(named.length > 20, `only ${named.length} found: the page is read wrongly`);
  const wrong = named.filter(([, file = "", name = ""]) =>
    !existsSync(project + file) || !readFileSync(project + file, "utf8").includes(name)
  );
  assert.deepEqual(wrong.map(([, file, name]) => `${file}: ${name}`), []);
});
