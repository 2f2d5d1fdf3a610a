import assert from "node:assert/strict";
import { availableDescriptors } from "../../../src/platform/available_descriptors.ts";

const module = new URL("../../../src/platform/available_descriptors.ts", import.meta.url);

/** The output of a process with this limit of open files. */
async function saidWith(limit: number, expression: string): Promise<number> {
  const script = `import { availableDescriptors } from "${module}"; console.log(${expression});`;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      `ulimit -n ${limit}; exec "$0" eval --no-check --ext=ts "$1"`,
      Deno.execPath(),
      script,
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return Number(new TextDecoder().decode(stdout));
}

Deno.test("as many as the limit of the process leaves, and all are closed again", async () => {
  const twice = 'availableDescriptors("/", 500) + 1000 * availableDescriptors("/", 500)';
  const said = await saidWith(256, twice);
  const [first, second] = [said % 1000, Math.floor(said / 1000)];
  assert.ok(first > 100 && first < 256, String(first));
  assert.equal(second, first);
});

Deno.test("at most the requested number, and exactly that if it cannot be tried", () => {
  assert.equal(availableDescriptors("/", 3), 3);
  assert.equal(availableDescriptors("/nowhere/at/all", 700), 700);
});
