import { env } from "../platform/process.ts";
import { fileErrorKind, readText } from "../platform/files.ts";
import { allKeys, checkConfig, isRaw, type Raw } from "./check.ts";
import { ConfigError, configError } from "./config_error.ts";
import { checkAuthConfig } from "./auth_rules.ts";
import { describe, RawText } from "./value_type.ts";
import { markReferences } from "./environment.ts";
import { nearest } from "./nearest.ts";
import type { Config } from "./schema.ts";

/**
 * Reads the configuration: the file (YAML, JSON or TOML by its extension), then each `-p key:value`,
 * then `-a`; without a file the defaults apply. Throws ConfigError.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadConfig } from "./load.ts";
 *
 * const { config } = await loadConfig({ params: ["logging.level:debug"], addr: "127.0.0.1:0" });
 * assert.equal(config.logging.level, "debug");
 * assert.equal(config.addr, "127.0.0.1:0");
 * ```
 */
export async function loadConfig(
  options: {
    readonly file?: string;
    /** The value of `-a`. */
    readonly addr?: string;
    /** The values of `-p`, each `key:value`. */
    readonly params?: readonly string[];
  } = {},
): Promise<{ config: Config; warnings: string[] }> {
  const warnings: string[] = [];
  let raw: Raw = {};
  if (options.file !== undefined) {
    raw = unwrap(await readFile(options.file), options.file, warnings);
  }
  for (const param of options.params ?? []) raw = override(raw, param);
  if (options.addr !== undefined) raw = { ...raw, addr: new RawText(options.addr, "option") };

  const source = options.file ?? "configuration";
  const checked = checkConfig(raw, { source });
  const problems = checkAuthConfig(checked.config);
  if (problems.length > 0) {
    throw new ConfigError(problems.map((problem) => `${source}: ${problem}`).join("\n"));
  }
  return { config: checked.config, warnings: [...warnings, ...checked.warnings] };
}

type Parser = (text: string) => unknown;

/** Parsers by extension, each loaded only when a file needs it. */
const parsers: Readonly<Record<string, () => Promise<Parser>>> = {
  yaml: yamlParser,
  yml: yamlParser,
  json: () => Promise.resolve(JSON.parse),
  toml: async () => (await import("smol-toml")).parse,
};

async function yamlParser(): Promise<Parser> {
  const { CORE_SCHEMA, loadAll } = await import("js-yaml");
  return (text) => {
    const documents = loadAll(text, { schema: CORE_SCHEMA });
    if (documents.length > 1) throw new Error("more than one document");
    // A file that contains only comments has no document: all defaults.
    return documents[0] ?? {};
  };
}

async function readFile(file: string): Promise<Raw> {
  const extension = /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  const loadParser = Object.hasOwn(parsers, extension) ? parsers[extension] : undefined;
  if (loadParser === undefined) {
    throw configError({
      source: file,
      key: "",
      found: extension === "" ? "no file extension" : `the extension .${extension}`,
      expected: ".yaml, .yml, .json or .toml",
    });
  }
  const { marked, resolve } = markReferences(readWhole(file));
  const parse = await loadParser();
  let parsed: unknown;
  try {
    parsed = parse(marked);
  } catch (error) {
    throw new ConfigError(
      `${file}: is not ${extension.toUpperCase()}: ${parserMessage(error)}`,
      { cause: error },
    );
  }
  const resolved = resolve(parsed, env, file);
  if (!isRaw(resolved)) {
    throw configError({
      source: file,
      key: "",
      found: describe(resolved),
      expected: "keys and values",
    });
  }
  // Editors write it there to find the JSON Schema.
  const { $schema: _, ...rest } = resolved;
  return rest;
}

function readWhole(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    const kind = fileErrorKind(error);
    const found = kind === "not-found"
      ? "no such file"
      : kind === "permission-denied"
      ? "a file that may not be read"
      : `a file that cannot be read (${parserMessage(error)})`;
    throw configError({ source: file, key: "", found, expected: "a configuration file" }, {
      cause: error,
    });
  }
}

/** The first line, without the marks of environment references. Parsers quote the file in the following lines. */
function parserMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "").replace(/\u{E000}\d+\u{E001}/gu, "${…}");
}

/** Keys in the first generation's shared files that belong to its other programs. */
const otherPrograms = ["dashboard", "cluster-api", "cli", "version"];

/**
 * The first generation kept the agent's keys under `cluster-agent`, next to the keys of other programs and a shared
 * `allowed-namespaces`. The latter applies too: ignoring it would open every namespace.
 */
function unwrap(raw: Raw, file: string, warnings: string[]): Raw {
  if (!Object.hasOwn(raw, "cluster-agent")) return raw;
  const inner = raw["cluster-agent"] ?? {};
  if (!isRaw(inner)) {
    throw configError({
      source: file,
      key: "cluster-agent",
      found: describe(inner),
      expected: "a section",
    });
  }
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    if (key === "cluster-agent" || otherPrograms.includes(key)) continue;
    if (key === "allowed-namespaces" && !Object.hasOwn(inner, key)) {
      shared[key] = value;
      continue;
    }
    const meant = nearest(key, allKeys().map((known) => known.replace(/\..*/, "")));
    if (meant === null) {
      warnings.push(`${file}: ${key}: ignored next to cluster-agent`);
      continue;
    }
    throw configError({
      source: file,
      key,
      found: "key not allowed next to cluster-agent",
      expected: meant === "allowed-namespaces"
        ? "allowed-namespaces, and only in one of the two places"
        : `cluster-agent.${meant}`,
    });
  }
  return { ...shared, ...inner };
}

/** Overrides one key with a `key:value`. */
function override(raw: Raw, param: string): Raw {
  const colon = param.indexOf(":");
  const path = param.slice(0, Math.max(colon, 0)).trim().replace(/^cluster-agent\./, "").split(".");
  if (colon < 0 || path.some((part) => part === "")) {
    throw configError({
      source: "option -p",
      key: "",
      found: describe(param),
      expected: "key:value, as in logging.level:debug",
    });
  }
  return put(raw, path, new RawText(param.slice(colon + 1).trim(), "option"));
}

function put(raw: Raw, path: readonly string[], value: RawText): Raw {
  const [head = "", ...rest] = path;
  if (rest.length === 0) return { ...raw, [head]: value };
  const inner = Object.hasOwn(raw, head) ? raw[head] : undefined;
  if (inner !== undefined && inner !== null && !isRaw(inner)) {
    throw configError({
      source: "option -p",
      key: path.join("."),
      found: describe(inner),
      expected: "a section",
    });
  }
  return { ...raw, [head]: put(isRaw(inner) ? inner : {}, rest, value) };
}
