/** The exports of the modules of src, found by their layout, which `deno fmt` guarantees. */
import { readdirSync, readFileSync } from "node:fs";

const src = new URL("../../src/", import.meta.url);

export interface Declaration {
  /** Relative to src. */
  readonly path: string;
  readonly kind: "function" | "class" | "interface";
  readonly name: string;
  /** The documentation comment; "" if there is none. */
  readonly comment: string;
  /** From after the name to the closing brace. */
  readonly body: string;
}

/** A public method, getter or field. */
export interface Member {
  readonly name: string;
  readonly comment: string;
  /** Parameters and result, or the field's type. */
  readonly signature: string;
  /** Of a method; "" for others. */
  readonly body: string;
}

const comment = String.raw`(?:^(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?`;
const declaration = new RegExp(
  comment +
    String.raw`^export (?:async )?(?:abstract )?(function\*?|class|interface) (\w+)([^]*?)^}$`,
  "gm",
);
const indentedComment = String.raw`(?:^  (\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?`;
const method = new RegExp(
  indentedComment +
    String.raw`^  (?:static |async |override |get )*(\w+)(\([^]*?\)(?:: [^{]*)?) \{$([^]*?)^  \}$`,
  "gm",
);
const field = new RegExp(
  indentedComment + String.raw`^  (?:readonly )?(\w+)\??(?:: (.+)|(\(.*\): .+));$`,
  "gm",
);

/** Exported functions, classes and interfaces of src, without generated ones. */
export function declarations(): Declaration[] {
  const found: Declaration[] = [];
  for (const path of readdirSync(src, { recursive: true, encoding: "utf8" }).sort()) {
    if (!/\.ts$/.test(path) || /^generated\/|\.d\.ts$/.test(path)) continue;
    const text = readFileSync(new URL(path, src), "utf8");
    for (const [, comment = "", kind = "", name = "", body = ""] of text.matchAll(declaration)) {
      found.push({ path, kind: kind.replace("*", "") as Declaration["kind"], name, comment, body });
    }
  }
  return found;
}

/** The members of a class or interface; empty for a function. Constructors are methods of that name. */
export function membersOf({ kind, body }: Declaration): Member[] {
  if (kind === "function") return [];
  const found: Member[] = [];
  for (const [, comment = "", name = "", signature = "", text = ""] of body.matchAll(method)) {
    found.push({ name, comment, signature, body: text });
  }
  for (const [, comment = "", name = "", type, call] of body.matchAll(field)) {
    found.push({ name, comment, signature: type ?? call ?? "", body: "" });
  }
  return found;
}

/** The parameters and the result of a function, without its body. */
export function signatureOf({ body }: Declaration): string {
  // On one line, or up to the line that begins with the closing parenthesis.
  return /^.*\).* \{$|^[^]*?^\).* \{$/m.exec(body)?.[0].slice(0, -2) ?? "";
}
