import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { brokenLinks } from "../../hack/links.ts";
import { agentCommands } from "../../src/cli/agent_commands.ts";
import type { Command } from "../../src/cli/command.ts";
import { toolCommands } from "../../src/cli/tool_commands.ts";
import { type Fields, isSection } from "../../src/config/field.ts";
import { schema } from "../../src/config/schema.ts";

const project = new URL("../../", import.meta.url).pathname;
/** Every document, relative to the project. */
const documents = globSync(["*.md", "docs/**/*.md", ".github/**/*.md", "deploy/**/*.md"], {
  cwd: project,
}).sort();
const text = (file: string) => readFileSync(`${project}${file}`, "utf8");

/** All code: the lines of fenced blocks, and code spans. */
function* code(file: string): Generator<{ line: number; code: string; isBlock: boolean }> {
  let isBlock = false;
  for (const [index, line] of text(file).split("\n").entries()) {
    if (/^\s*```/.test(line)) {
      isBlock = !isBlock;
      continue;
    }
    if (isBlock) yield { line: index + 1, code: line, isBlock };
    else {
      for (const [, span = ""] of line.matchAll(/`([^`]+)`/g)) {
        yield { line: index + 1, code: span, isBlock };
      }
    }
  }
}

Deno.test("every relative link, image and anchor in the documents leads somewhere", () => {
  assert.ok(documents.length > 20, documents.join());
  assert.deepEqual(brokenLinks(project, documents), []);
});

Deno.test("every task named in a document exists", () => {
  const { tasks } = JSON.parse(text("deno.json")) as { tasks: Record<string, unknown> };
  const missing: string[] = [];
  for (const file of documents) {
    for (const { line, code: words } of code(file)) {
      for (const [, task = ""] of words.matchAll(/(?:deno|deno@[\d.]+) task ([a-z][\w:]*)/g)) {
        if (!(task in tasks)) missing.push(`${file}:${line}: deno task ${task}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("every path of the project named in a document exists", () => {
  const missing: string[] = [];
  for (const file of documents) {
    if (file.startsWith("CHANGELOG")) continue;
    for (const { line, code: words } of code(file)) {
      const paths = words.matchAll(
        /(?<![\w./@-])((?:src|hack|tests|bench|deploy|docs|proto|\.github|\.devcontainer|\.vscode)\/[\w./-]*\w)(?![\w\\])/g,
      );
      for (const [, path = ""] of paths) {
        if (!existsSync(`${project}${path}`)) missing.push(`${file}:${line}: ${path}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("every configuration key named in a document exists", () => {
  const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const sections = new Map(
    Object.entries(schema as Fields).flatMap(([name, field]) =>
      isSection(field) ? [[kebab(name), new Set(Object.keys(field.fields).map(kebab))]] : []
    ),
  );
  const unknown: string[] = [];
  for (const file of documents) {
    for (const { line, code: words, isBlock } of code(file)) {
      if (isBlock) continue;
      const [, section = "", key = ""] = /^([a-z-]+)\.([a-z][a-z-]*)(?:[:=].*)?$/.exec(words) ?? [];
      const keys = sections.get(section);
      // The chart's values share the names of some sections.
      if (keys === undefined || file.startsWith("deploy/") || words.includes("=")) continue;
      if (/^tls\.(?:crt|key)$/.test(words)) continue; // keys of a Kubernetes TLS Secret
      if (!keys.has(key)) unknown.push(`${file}:${line}: ${words}`);
    }
  }
  assert.deepEqual(unknown, []);
});

Deno.test("every command and option of ours in a document exists", () => {
  const programs: readonly (readonly [pattern: RegExp, commands: readonly Command[]])[] = [
    [/(?:kubetail-agent-tools|deno task)\s+(client \w+|grep|demo)(.*)/, toolCommands],
    [/kubetail-cluster-agent\s+(serve|config check|healthcheck|doctor)(.*)/, agentCommands],
    [/deno task (serve)(.*)/, agentCommands],
  ];
  const wrong: string[] = [];
  let checked = 0;
  for (const file of documents) {
    // A command may continue in the next line.
    const joined = text(file).replaceAll(/ \\\n\s*/g, " ");
    for (const line of joined.split("\n")) {
      for (const [pattern, commands] of programs) {
        const [, name = "", rest = ""] = pattern.exec(line) ?? [];
        if (name === "") continue;
        checked++;
        const command = commands.find((one) => one.name === name);
        if (command === undefined) {
          wrong.push(`${file}: ${name}`);
          continue;
        }
        // Up to a quote, pipe or comment: the rest belongs to other programs.
        const own = rest.replace(/"\$\([^)]*\)"|'[^']*'|"[^"]*"/g, "X").split(/[`|)#;]/)[0] ?? "";
        for (const [, option = ""] of own.matchAll(/\s--([a-z][\w-]*)/g)) {
          if (option !== "help" && !(option in command.options)) {
            wrong.push(`${file}: ${name} --${option}`);
          }
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(checked > 20, `only ${checked} commands were found`);
});

Deno.test("the wording that reads as translated does not come back", () => {
  const phrases = [
    /\bstands? in (?:docs|the file|`)/,
    /\bhow to mend\b/,
    /\bto mend\b/,
    /\bpasses the pods over\b/,
    /\bfound out by\b/,
    /\bcan say to be\b/,
    /\bWhat is wrong with it\b/,
    /\bIs it well\b/,
    /\bAway again\b/,
    /\bwhat for, not what\b/,
    /\bruns nothing\b/,
    /\bThe way of the data\b/,
    /\bShows itself\b/,
    /\bthe defaults below stand\b/,
    /\bgo on with what is written\b/,
    /\blooked at twice a second\b/,
    /\bdoor\b/,
    /\bFor whoever\b/,
    /\banswered no\b/,
    /\bas wanted\b/,
    /\b(?:makes|gives) place\b/,
    /\bpassed over\b/,
    /\bnobody has looked\b/,
    /\bwas tried with\b/,
    /\banew\b/,
    /\bgiven out\b/,
    /\bbe had\b/,
    /\bHow it ends\b/,
  ];
  const found = documents.filter((file) => !file.startsWith("docs/decisions/")).flatMap((file) =>
    text(file).split("\n").flatMap((line, index) =>
      phrases.filter((phrase) => phrase.test(line)).map((phrase) =>
        `${file}:${index + 1}: ${phrase}`
      )
    )
  );
  assert.deepEqual(found, []);
});

/**
 * Words in the code that the terms of the field have replaced (CallAuthorizer, FileWatcher, LogSegment, Request,
 * delivered).
 */
const REPLACED =
  /\b(?:Doorkeeper|checkDoor|takeBack|Gathered|tolerantBlanks|BLANK|deriveNeed|rareness|Untyped|startInstruments|isHeldBy|beginsLikeOne|blanks?|anew|forerunner|giv(?:en|es?) out|be had)\b/;

Deno.test("words that the field's own have replaced do not come back into the code", () => {
  const sources = globSync("src/**/*.ts", { cwd: project }).filter((path) =>
    !path.includes("generated")
  );
  assert.ok(sources.length > 200);
  const found = sources.flatMap((path) =>
    text(path).split("\n").flatMap((line, index) =>
      REPLACED.test(line) && !/not blank/.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
    )
  );
  assert.deepEqual(found, []);
});
