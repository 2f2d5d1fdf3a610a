import assert from "node:assert/strict";
import { join, relative } from "node:path";

const project = new URL("../../..", import.meta.url).pathname;

Deno.test("src/generated is what `deno task gen` makes of proto/ and the packages", async () => {
  const fresh = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(project, "hack/gen.ts"), fresh],
      stdout: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const committed = join(project, "src/generated");
    const names = filesBelow(committed);
    assert.ok(names.length > 5, `only ${names.length} files`);
    assert.deepEqual(filesBelow(fresh), names, "other files: run `deno task gen`");
    for (const name of names) {
      const same = Buffer.compare(
        await Deno.readFile(join(fresh, name)),
        await Deno.readFile(join(committed, name)),
      ) === 0;
      assert.ok(same, `src/generated/${name} is stale: run \`deno task gen\``);
    }
  } finally {
    await Deno.remove(fresh, { recursive: true });
  }
});

/** Paths of all files below a folder, relative to it, sorted. */
function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const visit = (at: string) => {
    for (const entry of Deno.readDirSync(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory) visit(path);
      else found.push(relative(folder, path));
    }
  };
  visit(folder);
  return found.sort();
}
