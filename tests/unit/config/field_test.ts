import assert from "node:assert/strict";
import { field, type Fields, isSection, propertyName, section } from "../../../src/config/field.ts";
import { flag } from "../../../src/config/flag_type.ts";
import { schema } from "../../../src/config/schema.ts";

Deno.test("a property is named as in code, with the unit of its type", () => {
  const fields = schema as Fields;
  assert.equal(
    propertyName("container-logs-dir", fields["container-logs-dir"]!),
    "containerLogsDir",
  );
  assert.equal(propertyName("shutdown-timeout", fields["shutdown-timeout"]!), "shutdownTimeoutMs");
});

Deno.test("sections and keys are distinguished", () => {
  const { key, keys } = {
    key: field(flag, true, "A key."),
    keys: section("Keys.", false, {}),
  } as unknown as Fields;
  assert.equal(isSection(key!), false);
  assert.equal(isSection(keys!), true);
});
