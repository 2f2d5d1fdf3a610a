import assert from "node:assert/strict";
import { load } from "js-yaml";
import { checkConfig, type Raw } from "../../../src/config/check.ts";
import { configText } from "../../../src/config/config_text.ts";
import { defaults } from "../../../src/config/schema.ts";

Deno.test("a printed configuration reads back as the same", () => {
  const raw = {
    addr: "[::1]:1",
    history: true,
    "allowed-namespaces": ["yes", "no", "1e3", "null"],
    "max-line-bytes": 1000,
    "container-logs-dir": '/a b/"c": #d',
    logging: { level: "debug" },
  };
  const { config } = checkConfig(raw, { source: "x" });
  for (const one of [config, defaults]) {
    const text = configText(one);
    const again = checkConfig(load(text) as Raw, { source: "x" });
    assert.deepEqual(again, { config: one, warnings: [] }, text);
  }
});
