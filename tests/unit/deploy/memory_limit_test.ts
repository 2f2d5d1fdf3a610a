import assert from "node:assert/strict";
import { load } from "js-yaml";
import { defaults } from "../../../src/config/schema.ts";

const project = new URL("../../../", import.meta.url);
const text = (path: string) => Deno.readTextFileSync(new URL(path, project));

/** docs/performance.md: the sum of idle, workers, followers, buffers and engines, megabytes. */
const SUM = /: (\d+) \+ (\d+) \+ (\d+) \+ (\d+) \+ (\d+) = (\d+) MB, within the (\d+) MiB/;

Deno.test("the documented sum of an agent's memory is that of the default limits, and fits the chart's memory limit", () => {
  const found = SUM.exec(text("docs/performance.md"));
  assert.ok(found !== null, "docs/performance.md has no sum");
  const [idle, workers, followers, buffers, engines, sum, limit] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  assert.equal(sum, idle + workers + followers + buffers + engines);
  assert.equal(buffers, Math.round(defaults.limits.bufferBytes / 1e6));
  assert.equal(engines, Math.round(defaults.limits.engineMemory / 1e6));
  const values = load(text("deploy/chart/values.yaml")) as {
    resources: { limits: { memory: string } };
  };
  assert.equal(values.resources.limits.memory, `${limit}Mi`);
  assert.ok(sum * 1e6 <= limit * 2 ** 20, `${sum} MB do not fit ${limit} MiB`);
});
