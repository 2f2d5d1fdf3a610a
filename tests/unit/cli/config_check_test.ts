import assert from "node:assert/strict";
import { defaults } from "../../../src/config/schema.ts";
import { configText } from "../../../src/config/config_text.ts";

/** Runs the program itself, because its exit code matters. */
async function run(
  ...args: string[]
): Promise<{ code: number; out: string; error: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-read", "--allow-env", "src/main.ts", ...args],
    cwd: new URL("../../../", import.meta.url),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), error: text(stderr) };
}

Deno.test("config check: 0 and the effective configuration, warnings beside it, 2 and why not", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const file = `${dir}/agent.yaml`;
    Deno.writeTextFileSync(file, "history: true\ncolor: s3cret\n");
    const good = await run("config", "check", "-c", file, "-p", "logging.level:debug", "-a", ":1");
    assert.equal(good.code, 0);
    assert.equal(
      good.out,
      configText({
        ...defaults,
        addr: ":1",
        history: true,
        logging: { ...defaults.logging, level: "debug" },
      }),
    );
    assert.equal(good.error, `warning: ${file}: color: unknown key, ignored\n`);
    assert.ok(!`${good.out}${good.error}`.includes("s3cret"), "a value that nobody knows is shown");

    Deno.writeTextFileSync(file, "history: maybe\n");
    const bad = await run("config", "check", "--config", file);
    assert.deepEqual(bad, {
      code: 2,
      out: "",
      error: `${file}: history: found the text "maybe", expected true or false\n`,
    });

    for (const args of [["config"], ["config", "show"], ["config", "check", "--color"]]) {
      assert.equal((await run(...args)).code, 2, args.join(" "));
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
