import assert from "node:assert/strict";
import { checkConfig } from "../../../src/config/check.ts";
import { defaults } from "../../../src/config/schema.ts";

Deno.test("nothing given: the defaults, frozen", () => {
  const { config, warnings } = checkConfig({}, { source: "x" });
  assert.deepEqual(config, defaults);
  assert.deepEqual(warnings, []);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.tls));
});

Deno.test("a section that holds only comments has all defaults; anything else is no section", () => {
  assert.deepEqual(checkConfig({ logging: null }, { source: "x" }).config, defaults);
  assert.throws(() => checkConfig({ logging: "debug" }, { source: "x" }), {
    message: /^x: logging: found the text "debug", expected a section with enabled, /,
  });
});

Deno.test("TLS needs its files by name", () => {
  for (const key of ["cert-file", "key-file", "ca-file"]) {
    assert.throws(() => checkConfig({ tls: { [key]: "" } }, { source: "x" }), {
      message: new RegExp(`^x: tls\\.${key}: found nothing, expected the path of a file`),
    });
  }
  checkConfig({ tls: { enabled: false, "cert-file": "" } }, { source: "x" });
});
