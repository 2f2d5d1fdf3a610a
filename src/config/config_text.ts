import { type Field, type Fields, isSection, propertyName } from "./field.ts";
import { type Config, schema } from "./schema.ts";

/**
 * A configuration as a YAML file with every key, which reads back as the same configuration. It contains only keys of
 * the schema: none of them is a secret, and values of unknown keys are not printed.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { configText } from "./config_text.ts";
 * import { defaults } from "./schema.ts";
 *
 * assert.match(configText(defaults), /^addr: ":50051"\n[^]*\nlogging:\n {2}enabled: true\n/);
 * ```
 */
export function configText(config: Config): string {
  return sectionText(schema as Fields, config as unknown as Tree, "");
}

type Tree = Readonly<Record<string, unknown>>;

function sectionText(fields: Fields, values: Tree, indent: string): string {
  let text = "";
  for (const [name, entry] of Object.entries(fields)) {
    const value = values[propertyName(name, entry)];
    text += isSection(entry)
      ? `${indent}${name}:\n${sectionText(entry.fields, value as Tree, `${indent}  `)}`
      : `${indent}${name}: ${valueText(entry, value)}\n`;
  }
  return text;
}

/**
 * One value of a file, in a form that is both YAML and JSON, except for plain words.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { valueText } from "./config_text.ts";
 * import { schema } from "./schema.ts";
 *
 * assert.equal(valueText(schema["allowed-namespaces"], ["team-a"]), "[team-a]");
 * assert.equal(valueText(schema["shutdown-timeout"], 90_000), "90s");
 * ```
 */
export function valueText(field: Field<unknown>, value: unknown): string {
  const written = field.type.write(value);
  if (Array.isArray(written)) return `[${written.map(scalarText).join(", ")}]`;
  return scalarText(written);
}

function scalarText(value: unknown): string {
  // Plain if no reader could mistake it for anything but this text.
  const plain = typeof value === "string" &&
    /^[A-Za-z/][\w./-]*$|^\d+(?:ms|s|m|h|[KM]iB)$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
