import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A link that leads nowhere. */
export interface BrokenLink {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly target: string;
  readonly problem: string;
}

/**
 * Follows every relative link and image of the Markdown files, anchors included, as GitHub shows them
 * (GitHub Flavored Markdown; headings' anchors as github-slugger makes them). Links to other hosts are
 * not tried: they would make the answer depend on the network.
 *
 * @param folder the project's folder; links may not leave it
 * @param files paths relative to it
 */
export function brokenLinks(folder: string, files: readonly string[]): BrokenLink[] {
  const broken: BrokenLink[] = [];
  for (const file of files) {
    for (const { line, target } of links(readFileSync(join(folder, file), "utf8"))) {
      const problem = problemOf(folder, file, target);
      if (problem !== null) broken.push({ file, line, target, problem });
    }
  }
  return broken;
}

function problemOf(folder: string, file: string, target: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return null; // has a scheme
  const [path = "", anchor] = decodeURIComponent(target).split("#", 2);
  const at = path === "" ? file : normalize(join(dirname(file), path));
  if (at.startsWith("..")) return "leaves the project";
  if (!existsSync(join(folder, at))) return `${at} is not there`;
  if (anchor === undefined || anchor === "" || !at.endsWith(".md")) return null;
  if (statSync(join(folder, at)).isDirectory()) return `${at} is a folder`;
  return anchors(readFileSync(join(folder, at), "utf8")).has(anchor)
    ? null
    : `no heading of ${at} makes #${anchor}`;
}

/** Inline links, images and reference definitions outside of code. */
function links(markdown: string): { line: number; target: string }[] {
  const found: { line: number; target: string }[] = [];
  for (const [index, text] of prose(markdown)) {
    const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g);
    const definition = text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/g);
    for (const match of [...inline, ...definition]) {
      found.push({ line: index + 1, target: match[1]! });
    }
  }
  return found;
}

function anchors(markdown: string): Set<string> {
  const made = new Set<string>();
  for (const [, text] of prose(markdown, { keepCode: true })) {
    for (const match of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) made.add(match[1]!);
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(text);
    if (heading === null) continue;
    const slug = heading[1]!
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
      .replace(/\s/g, "-");
    let anchor = slug;
    for (let copy = 1; made.has(anchor); copy++) anchor = `${slug}-${copy}`;
    made.add(anchor);
  }
  return made;
}

/** Lines with their index that are not in fenced code; code spans are blanked unless kept. */
function* prose(
  markdown: string,
  options: { keepCode?: boolean } = {},
): Generator<[number, string]> {
  let fence: string | null = null;
  for (const [index, text] of markdown.split("\n").entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence !== null) {
      if (mark !== undefined && mark.startsWith(fence) && text.trim() === mark) fence = null;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      continue;
    }
    yield [index, options.keepCode ? text : text.replace(/(`+)(?:(?!\1).)*\1/g, "")];
  }
}
