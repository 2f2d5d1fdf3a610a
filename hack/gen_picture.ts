/**
 * Generates docs/images/demo.svg from a real session: runs the demo on a pseudo-terminal and draws its output.
 *
 *     deno task gen:picture            writes the project's file
 *     deno task gen:picture FILE       writes another
 */
import { writeFileSync } from "node:fs";
import { demo } from "../src/cli/demo.ts";
import { terminalSafe } from "../src/cli/terminal_text.ts";
import type { Terminal } from "../src/cli/terminal.ts";
import { answerHelp } from "./usage.ts";

const COLUMNS = 100;
/** Steps of the tour to show in the picture, by the beginning of their titles. */
const shown = ["# Which", "# How did", "# Follow", "# User"];

/** The output of a demo, with its colors. */
async function session(): Promise<string> {
  let text = "";
  const terminal: Terminal = {
    out: (more, { raw = false } = {}) => void (text += raw ? more : terminalSafe(more)),
    err: (more) => void (text += terminalSafe(more)),
    color: true,
    interactive: true,
    columns: COLUMNS,
    onInterrupt: () => () => {},
    exit: (code) => Deno.exit(code),
    now: () => Date.now(),
  };
  const code = await demo([], terminal);
  if (code !== 0) throw new Error(`The demo ended with ${code}:\n${text}`);
  return text;
}

/** The steps to show, without leading and trailing blank lines. */
function select(text: string): string[] {
  const steps = text.split(/\n(?=# )/);
  return steps.filter((step) => shown.some((title) => step.startsWith(title)))
    .flatMap((step) =>
      step.trimEnd().split(/\n\nThat was/)[0]?.trimEnd().concat("\n").split("\n") ?? []
    )
    .filter((line) => !/^\(\d+ ms/.test(line)).slice(0, -1);
}

const colors: Readonly<Record<string, string>> = {
  "31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "34": "#79c0ff",
  "35": "#d2a8ff",
  "36": "#56d4dd",
};
const LINE_HEIGHT = 20;
const CHARACTER_WIDTH = 8.43;
const MARGIN = 16;

/** Lines with ANSI styles as a self-contained SVG. */
export function picture(lines: readonly string[]): string {
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const texts = lines.map((line, i) =>
    `<text x="${MARGIN}" y="${MARGIN + (i + 0.75) * LINE_HEIGHT}">${spans(line)}</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A session: logs are listed, searched, followed through a rotation, and a caller is denied">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9">
${texts.join("\n")}
</g>
</svg>
`;
}

function spans(line: string): string {
  let out = "";
  let bold = false;
  let dim = false;
  let color = "";
  for (const part of line.split(/(\p{Cc}\[[\d;]*m)/u)) {
    const codes = /^\p{Cc}\[([\d;]*)m$/u.exec(part)?.[1]?.split(";");
    if (codes !== undefined) {
      for (const code of codes) {
        if (code === "0" || code === "") [bold, dim, color] = [false, false, ""];
        else if (code === "1") bold = true;
        else if (code === "2") dim = true;
        else if (code === "22") [bold, dim] = [false, false];
        else if (code === "39") color = "";
        else color = colors[code] ?? color;
      }
      continue;
    }
    if (part === "") continue;
    const fill = color !== "" ? color : dim ? "#8b949e" : line.startsWith("# ") ? "#8b949e" : "";
    const style = (fill === "" ? "" : ` fill="${fill}"`) + (bold ? ' font-weight="bold"' : "");
    out += style === "" ? escaped(part) : `<tspan${style}>${escaped(part)}</tspan>`;
  }
  return out;
}

function escaped(text: string): string {
  // SVG viewers collapse spaces, but keep no-break spaces.
  return text.replaceAll(" ", "\u00a0").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(
    ">",
    "&gt;",
  );
}

if (import.meta.main) {
  answerHelp(import.meta.url);
  const file = Deno.args[0] ?? new URL("../docs/images/demo.svg", import.meta.url).pathname;
  writeFileSync(file, picture(select(await session())));
}
