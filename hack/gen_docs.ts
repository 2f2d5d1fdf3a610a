/**
 * Makes docs/configuration.md, docs/config.schema.json, deploy/config.example.yaml and
 * deploy/chart/values.schema.json from the schema in src/config/schema.ts.
 *
 *     deno task gen:docs            writes the project's files
 *     deno task gen:docs OUT_DIR    writes below another folder
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configText, valueText } from "../src/config/config_text.ts";
import { jsonSchema } from "../src/config/json_schema.ts";
import { defaults, type Field, type Fields, isSection, schema } from "../src/config/schema.ts";
import { chartSchema } from "./chart_schema.ts";
import { answerHelp } from "./usage.ts";

/** Every file that is generated, by its path in the project. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/configuration.md", configurationPage()],
    ["docs/config.schema.json", json(jsonSchema())],
    ["deploy/config.example.yaml", exampleConfiguration()],
    ["deploy/chart/values.schema.json", json(chartSchema())],
  ]);
}

function exampleConfiguration(): string {
  return `# An example of the agent's configuration with every default written out; docs/configuration.md describes each key.
# Made by \`deno task gen:docs\`.
#     kubetail-cluster-agent config check --config config.example.yaml
${configText(defaults)}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function configurationPage(): string {
  return `<!-- Made by \`deno task gen:docs\` from src/config/schema.ts; changes here are lost. -->

# Configuration

\`\`\`
kubetail-cluster-agent serve -c FILE [-a HOST:PORT] [-p key:value]...
kubetail-cluster-agent config check -c FILE [-a HOST:PORT] [-p key:value]...
\`\`\`

Without a file the defaults below stand. \`config check\` reads a configuration as \`serve\` would, prints
it whole as YAML, and ends with exit code 0, or 2 where \`serve\` would not start with it.

## Where a value comes from

Later ones win:

1. the default,
2. the file of \`-c\`, \`--config\`: YAML (\`.yaml\`, \`.yml\`), JSON (\`.json\`) or TOML (\`.toml\`), told by its extension,
3. \`-p\`, \`--param key:value\`, repeatable, with dotted keys: \`-p logging.level:debug\`,
   \`-p tls.allowed-names:a,b\`, \`-p limits.scan-workers:2\`,
4. \`-a\`, \`--addr HOST:PORT\`, which is \`addr\`.

In a file, \`\${VAR}\` stands for an environment variable and \`\${VAR:default}\` has a default; a variable that is
not set and has none is an error. JSON and TOML need them in quotes. The value is put in after the file
was parsed, so it cannot add keys, whatever it holds; where a number, a list or true and false are wanted,
the text is read as one. The released binary may read variables named \`KUBETAIL_…\`, and no other of yours.

A file whose top-level key is \`cluster-agent\` (the first generation's form) is read from there; a shared
\`allowed-namespaces\` beside it counts as well.

## What is wrong with it

A wrong type or value ends the start with exit code 2 and a message that names file, key, what was found
and what was expected:

\`\`\`
agent.yaml: logging.level: found the text "verbose", expected one of debug, info, warn, error, disabled
\`\`\`

An unknown key is a warning that names the nearest known one. Under ${strictSections()}, and where it
resembles a key that closes something, it is an error: a misspelt \`allowed-namespaces\` would open everything.

Editors check a YAML file against [config.schema.json](config.schema.json) when its first line is
\`# yaml-language-server: $schema=config.schema.json\`.

## Forms

| form | examples |
| --- | --- |
| duration | \`500ms\`, \`30s\`, \`5m\`, \`1h30m\`, \`0\` |
| size | \`2097152\`, \`512KiB\`, \`2MiB\` (1024), \`500kB\`, \`2MB\` (1000) |
| HOST:PORT | \`":50051"\` (every address), \`127.0.0.1:50051\`, \`"[::1]:50051"\` |

## Keys

${sections()}
## All defaults

\`\`\`yaml
${configText(defaults)}\`\`\`
`;
}

function strictSections(): string {
  const names = Object.entries(schema as Fields)
    .filter(([, entry]) => isSection(entry) && entry.strict)
    .map(([name]) => `\`${name}\``);
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function sections(): string {
  const top = Object.entries(schema as Fields).filter(([, entry]) => !isSection(entry));
  let text = `${table(top as [string, Field<unknown>][])}\n`;
  for (const [name, entry] of Object.entries(schema as Fields)) {
    if (!isSection(entry)) continue;
    text += `### ${name}\n\n${entry.doc}\n\n${table(Object.entries(entry.fields), `${name}.`)}\n`;
  }
  return text;
}

function table(fields: readonly (readonly [string, Field<unknown>])[], prefix = ""): string {
  const rows = fields.map(([name, field]) => {
    const value = valueText(field, field.kind.read(field.default));
    const cells = [`\`${prefix}${name}\``, `\`${value}\``, `${field.doc} (${field.kind.expected})`];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  });
  return `| key | default | what it is |\n| --- | --- | --- |\n${rows.join("")}`;
}

if (import.meta.main) {
  answerHelp(import.meta.url);
  const out = Deno.args[0] ?? new URL("..", import.meta.url).pathname;
  for (const [path, text] of generatedDocs()) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  }
}
