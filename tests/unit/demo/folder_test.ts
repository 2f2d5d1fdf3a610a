import assert from "node:assert/strict";
import { DemoFolder } from "../../../src/demo/folder.ts";

Deno.test("a demo's folder is gone with it, those of killed demos after a day, and others' never", () => {
  const before = Deno.env.get("TMPDIR");
  const temporary = Deno.makeTempDirSync({ prefix: "d-" });
  const old = Date.now() / 1000 - 26 * 3600;
  const young = Date.now() / 1000 - 24 * 3600;
  for (
    const [name, time] of [["agent-demo-old", old], ["agent-demo-young", young], [
      "other",
      old,
    ]] as const
  ) {
    Deno.mkdirSync(`${temporary}/${name}`);
    Deno.writeTextFileSync(`${temporary}/${name}/tls.key`, "secret");
    Deno.utimeSync(`${temporary}/${name}`, time, time);
  }
  const names = () => [...Deno.readDirSync(temporary)].map(({ name }) => name).sort();
  try {
    Deno.env.set("TMPDIR", temporary);
    {
      using folder = new DemoFolder();
      assert.ok(folder.path.startsWith(`${Deno.realPathSync(temporary)}/agent-demo-`));
      Deno.writeTextFileSync(`${folder.path}/file`, "");
      assert.equal(Deno.statSync(folder.path).mode! & 0o777, 0o700);
      assert.equal(names().length, 3);
    }
    assert.deepEqual(names(), ["agent-demo-young", "other"]);
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
    Deno.removeSync(temporary, { recursive: true });
  }
});
