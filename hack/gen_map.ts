/** Draws the folders of src/ and their imports in docs/development.md again: deno task gen:map */
import { readFileSync, writeFileSync } from "node:fs";
import { folderOf, type ImportGraph, importGraph, layers } from "./import_graph.ts";
import { answerHelp } from "./usage.ts";

const document = new URL("../docs/development.md", import.meta.url);
const BLOCK = /(<!-- map -->\n)[\s\S]*?(<!-- \/map -->)/;

/** Used by nearly every folder: arrows to these would hide the others. */
const EVERYWHERE = ["failure", "platform", "telemetry"];

/** The document with an updated map. Throws if it has no place for one. */
export function withMap(text: string, graph: ImportGraph): string {
  if (!BLOCK.test(text)) throw new Error("docs/development.md has no <!-- map --> block");
  return text.replace(
    BLOCK,
    (_, head: string, tail: string) => `${head}\n${map(graph)}\n\n${tail}`,
  );
}

/** A Mermaid flowchart: an arrow leads from a folder to one that it imports, unless there is a longer path. */
function map(graph: ImportGraph): string {
  const folders = layers.filter((folder) => !EVERYWHERE.includes(folder) && folder !== "");
  const imports = new Map(folders.map((folder) => [folder, new Set<string>()]));
  for (const [path, targets] of graph) {
    for (const target of targets.map(folderOf)) {
      if (target !== folderOf(path) && imports.has(target)) {
        imports.get(folderOf(path))?.add(target);
      }
    }
  }
  const reaches = (from: string, to: string): boolean =>
    [...imports.get(from) ?? []].some((next) => next === to || reaches(next, to));
  const lines = ["```mermaid", "flowchart TD"];
  for (const folder of folders.toReversed()) {
    const targets = [...imports.get(folder)!];
    const direct = targets.filter((target) =>
      !targets.some((other) => other !== target && reaches(other, target))
    );
    for (const target of direct.sort()) lines.push(`  ${folder} --> ${target}`);
  }
  return [...lines, "```"].join("\n");
}

if (import.meta.main) {
  answerHelp(import.meta.url);
  writeFileSync(document, withMap(readFileSync(document, "utf8"), await importGraph()));
}
