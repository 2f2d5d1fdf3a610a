import assert from "node:assert/strict";

/** The runtime's own record of an access that it checks, in any thread, allowed or not. */
interface Access {
  readonly permission: string;
  readonly value: string;
}

Deno.test("no refusal looks at the log folders: the runtime's own record of file accesses", async () => {
  const record = Deno.makeTempFileSync({ prefix: "accesses-", suffix: ".jsonl" });
  try {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--no-prompt",
        "--unstable-worker-options",
        "--allow-read",
        "--allow-write",
        "--allow-net",
        "--allow-env",
        "--allow-sys",
        `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
        new URL("auth/refused_calls.ts", import.meta.url).pathname,
      ],
      env: { DENO_AUDIT_PERMISSIONS: record },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { folder, endings, answered } = JSON.parse(new TextDecoder().decode(stdout)) as {
      folder: string;
      endings: string[];
      answered: string;
    };

    const accesses = Deno.readTextFileSync(record).trim().split("\n").map((line): Access =>
      JSON.parse(line)
    );
    const between = (from: string, to: string) => {
      const at = (step: string) => accesses.findIndex(({ value }) => value === `/step/${step}`);
      assert.ok(at(from) >= 0 && at(to) > at(from), `no step ${from} or ${to} in the record`);
      return accesses.slice(at(from), at(to)).filter(({ permission, value }) =>
        permission === "read" && /\/(containers|pods|docker)(\/|$)/.test(value) &&
        value.startsWith(folder)
      );
    };
    assert.deepEqual(between("refusals", "answer"), []);
    assert.equal(endings.length, 9 * 3 * 6);
    assert.deepEqual(endings.filter((ending) => /: (OK|NOT_FOUND)$/.test(ending)), []);
    // Nor does any answer depend on whether a log exists: 6 RPCs each for an existing log and for a missing one.
    for (let i = 0; i < endings.length; i += 18) {
      assert.deepEqual(endings.slice(i, i + 6), endings.slice(i + 12, i + 18));
    }

    // This shows that the record would reveal an access: a successful answer does read files.
    assert.equal(answered, "OK");
    assert.notDeepEqual(between("answer", "end"), []);
  } finally {
    Deno.removeSync(record);
  }
});
