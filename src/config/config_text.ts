import { type Config, type Field, type Fields, isSection, propertyName, schema } from "./schema.ts";

/**
 * A configuration as a YAML file that gives the same again, every key written out. It holds what the
 * schema knows and nothing else: no key of the schema is a secret, and a text that an unknown key
 * of the file held is not printed.
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

/** One value of a file, in a form that is YAML and JSON at once but for plain words. */
export function valueText(field: Field<unknown>, value: unknown): string {
  const written = field.kind.write(value);
  if (Array.isArray(written)) return `[${written.map(scalarText).join(", ")}]`;
  return scalarText(written);
}

function scalarText(value: unknown): string {
  // Plain where no reader could take it for anything but this text.
  const plain = typeof value === "string" &&
    /^[A-Za-z/][\w./-]*$|^\d+(?:ms|s|m|h|[KM]iB)$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
