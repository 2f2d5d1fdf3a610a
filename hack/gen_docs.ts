/**
 * Generates docs/configuration.md, docs/config.schema.json, deploy/config.example.yaml and
 * deploy/chart/values.schema.json from the schema in src/config/schema.ts.
 *
 *     deno task gen:docs            writes the project's files
 *     deno task gen:docs OUT_DIR    writes below another folder
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configText, valueText } from "../src/config/config_text.ts";
import { limitsPage } from "./limits_page.ts";
import { jsonSchema } from "../src/config/json_schema.ts";
import { type Field, type Fields, isSection } from "../src/config/field.ts";
import { defaults, schema } from "../src/config/schema.ts";
import { chartSchema } from "./chart_schema.ts";
import { answerHelp } from "./usage.ts";

/** Every generated file, by its path in the project. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/configuration.md", configurationPage()],
    ["docs/limits.md", limitsPage()],
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

Without a file the defaults below apply. \`config check\` reads a configuration as \`serve\` does, prints it in full as YAML, and
exits with 0, or with 2 if \`serve\` would not start with it. [\`doctor\`](tools.md#doctor) also checks what the configuration needs
from the node and the cluster.

## Sources

Later sources override earlier ones:

1. the default,
2. the file of \`-c\`, \`--config\`: YAML (\`.yaml\`, \`.yml\`), JSON (\`.json\`) or TOML (\`.toml\`), chosen by its extension,
3. \`-p\`, \`--param key:value\`, repeatable, with dotted keys: \`-p logging.level:debug\`,
   \`-p tls.allowed-names:a,b\`, \`-p limits.scan-workers:2\`,
4. \`-a\`, \`--addr HOST:PORT\`, which sets \`addr\`.

In a file, \`\${VAR}\` is replaced by an environment variable, and \`\${VAR:default}\` by the default where the variable is not
set; without a default that is an error. In JSON and TOML they must be in quotes. The value is inserted after the file was
parsed, so it cannot add keys; where a key expects a number, a list or a boolean, the text is parsed as one. The released
binary can read variables whose names begin with \`KUBETAIL_\`, and no others of yours.

In a file with the top-level key \`cluster-agent\` (the form of the first generation) the configuration is read from there; an
\`allowed-namespaces\` next to it applies too.

## Configuration errors

With a wrong type or value the agent does not start: exit code 2, and a message with file, key, what was found and what was
expected:

\`\`\`
agent.yaml: logging.level: found the text "verbose", expected one of debug, info, warn, error, disabled
\`\`\`

An unknown key is a warning that names the most similar known one. Under ${strictSections()}, and where it
resembles a key that restricts something, it is an error: a misspelled \`allowed-namespaces\` would allow everything.

Editors validate a YAML file against [config.schema.json](config.schema.json) when its first line is
\`# yaml-language-server: $schema=config.schema.json\`.

## Value formats

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
    const value = valueText(field, field.type.read(field.default));
    const cells = [`\`${prefix}${name}\``, `\`${value}\``, `${field.doc} (${field.type.expected})`];
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
