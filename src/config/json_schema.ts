import { type Field, type Fields, isSection, type Section } from "./field.ts";
import { schema } from "./schema.ts";

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { jsonSchema } from "./json_schema.ts";
 *
 * assert.ok("logging" in (jsonSchema()["properties"] as object));
 * ```
 */
export function jsonSchema(): Record<string, unknown> {
  const root = objectSchema(schema as Fields);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "kubetail-cluster-agent configuration",
    ...root,
    properties: {
      // Editors write it into YAML and JSON files to find this schema.
      $schema: { type: "string" },
      ...root.properties,
      "cluster-agent": {
        description: "All of these keys may lie here instead, as in files of the first generation.",
        type: "object",
      },
    },
  };
}

function objectSchema(
  fields: Fields,
): { readonly properties: Record<string, unknown> } & Record<string, unknown> {
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, entry]) => [name, entrySchema(entry)]),
    ),
    // A hint is useful in every section, although only strict ones reject unknown keys.
    additionalProperties: false,
  };
}

function entrySchema(entry: Field<unknown> | Section): Record<string, unknown> {
  if (isSection(entry)) return { description: entry.doc, ...objectSchema(entry.fields) };
  const reference = { type: "string", pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:[^}]*)?\\}" };
  const { json } = entry.type;
  // Any value may come from the environment.
  const alternatives = "anyOf" in json ? json["anyOf"] as readonly unknown[] : [json];
  return {
    description: entry.doc,
    default: entry.default,
    anyOf: [...alternatives, reference],
  };
}
