import assert from "node:assert/strict";
import { type Fields, isSection } from "../../../src/config/field.ts";
import { buildConfig, defaults, schema } from "../../../src/config/schema.ts";

/** All keys, dotted, with their fields. */
function keysOf(fields: Fields, prefix = ""): [key: string, entry: Fields[string]][] {
  return Object.entries(fields).flatMap(([name, entry]) => [
    [prefix + name, entry] as [string, Fields[string]],
    ...(isSection(entry) ? keysOf(entry.fields, `${prefix}${name}.`) : []),
  ]);
}

const keys = keysOf(schema as Fields);

Deno.test("keys are kebab-case, and described in sentences that end", () => {
  for (const [key, { doc }] of keys) {
    assert.match(key, /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/);
    assert.match(doc, /^[A-Z`"0-9].*\.$/s, key);
  }
});

Deno.test("every default is a value that its own key takes", () => {
  for (const [key, entry] of keys) {
    if (!isSection(entry)) assert.doesNotThrow(() => entry.type.read(entry.default), key);
  }
});

Deno.test("sections that restrict something refuse keys that they do not know", () => {
  for (const name of ["tls", "authorization", "limits"] as const) {
    const entry = (schema as Fields)[name]!;
    assert.ok(isSection(entry) && entry.strict, name);
  }
});

Deno.test("a configuration is built from the value of each key, requested once by its dotted name", () => {
  const asked: string[] = [];
  const built = buildConfig((key, field) => {
    asked.push(key);
    return field.type.read(field.default);
  });
  assert.deepEqual(
    asked.sort(),
    keys.filter(([, entry]) => !isSection(entry)).map(([key]) => key).sort(),
  );
  assert.deepEqual(built, defaults);
});
