import assert from "node:assert/strict";

const module = new URL("../../../src/platform/permissions.ts", import.meta.url);

Deno.test("a path may be read at and below what was granted, and nowhere else, without a question", async () => {
  const paths = ["/var/log", "/var/log/pods/x", "/var", "/etc/passwd"];
  const script = `import { hasReadPermission } from "${module}";
    console.log(JSON.stringify(${JSON.stringify(paths)}.map(hasReadPermission)));`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, script);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-read=/var/log", file],
      stdin: "null",
    }).output();
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), [true, true, false, false]);
  } finally {
    Deno.removeSync(file);
  }
});
