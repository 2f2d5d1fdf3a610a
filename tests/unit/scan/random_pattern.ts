import type { Random } from "../../harness/random.ts";

/** A pattern as a client sends it, and its meaning according to the contract. */
export interface RandomPattern {
  readonly sent: string;
  readonly meaning: string;
}

const TOLERANT = String.raw`(?:(?:\x1B\[[0-9;]*[mK])?)*\s(?:(?:\x1B\[[0-9;]*[mK])?)*`;

const LITERALS: readonly string[] = [
  "error",
  "needle",
  "ERROR",
  "reset",
  "timeout",
  "a",
  "aa",
  "b",
  "x",
  "k",
  "s",
  "42",
  "stdout",
  "log",
  "time",
  "\u00e9",
  "\u65e5\u8a8c",
  "\u9519",
  "\u{1f600}",
  "\ufffd",
  "\\x1b",
  "\\[",
  "\\.",
  "/",
  '"',
  "\\\\",
  "<",
  "&",
  ":",
  "_",
  "-",
  "\\x{fffd}",
  "\\u{e9}",
  "\\t",
  "\\r",
  "\\x00",
  "\u00df",
  "\u03c3",
  "\ufeff",
  "2024-10-01",
  "u0041",
  "n",
  "u",
];
const CLASSES: readonly string[] = [
  ".",
  "\\d",
  "\\w",
  "\\s",
  "\\S",
  "\\W",
  "\\D",
  "[a-c]",
  "[^a]",
  "[^\\x00-\\x7f]",
  "[\\x80-\\u{10ffff}]",
  "\\p{Greek}",
  "\\p{L}",
  "[ _]",
  "[\\s\\S]",
  "(?s:.)",
  "[a\u00e9\u65e5]",
  "[[:alpha:]&&[^aeiou]]",
  "(?-u:\\w)",
  "(?-u:[a-z])",
  "[^\\s]",
  "[\\u{fffd}x]",
  "[mK;]",
  "[0-9;]",
  '["/\\\\]',
  "[^ -~]",
  "[\u{1f600}-\u{1f64f}]",
  "[\\r\\t]",
  "\\pN",
  "[^\\W\\d]",
];
const LOOKS: readonly string[] = [
  "^",
  "$",
  "\\b",
  "\\B",
  "\\A",
  "\\z",
  "(?m:^)",
  "(?m:$)",
  "\\b{start}",
  "\\b{end}",
  "(?-u:\\b)",
  "\\b{start-half}",
];
const QUANTIFIERS: readonly string[] = [
  "*",
  "+",
  "?",
  "*?",
  "+?",
  "??",
  "{2}",
  "{0,2}",
  "{1,}",
  "{2,3}?",
  "{0}",
];

function element(random: Random, depth: number): RandomPattern {
  const kind = random.next();
  const same = (text: string) => ({ sent: text, meaning: text });
  if (kind < 0.4) return same(random.pick(LITERALS));
  if (kind < 0.6) return same(random.pick(CLASSES));
  if (kind < 0.68) return same(random.pick(LOOKS));
  if (kind < 0.76) {
    return random.pick([
      { sent: " ", meaning: TOLERANT },
      { sent: " ", meaning: TOLERANT },
      same("\\ "),
      same("[ ]"),
      same(TOLERANT),
    ]);
  }
  if (depth === 0) return same(random.pick(LITERALS));
  const inner = alternation(random, depth - 1);
  const open = random.pick(["(", "(?:", "(?i:", "(?P<n>", "(?<m>", "(?i-s:"]);
  // Group names must differ within a pattern.
  const name = open.replace("<n>", `<n${random.below(1e9)}>`).replace(
    "<m>",
    `<m${random.below(1e9)}>`,
  );
  return { sent: `${name}${inner.sent})`, meaning: `${name}${inner.meaning})` };
}

function sequence(random: Random, depth: number): RandomPattern {
  let sent = "";
  let meaning = "";
  const length = 1 + random.below(4);
  for (let i = 0; i < length; i++) {
    const part = element(random, depth);
    const quantifier = random.chance(0.22) ? random.pick(QUANTIFIERS) : "";
    if (quantifier !== "" && part.sent === " ") { // a quantified space is a space
      sent += " " + quantifier;
      meaning += "\\x20" + quantifier;
    } else {
      const group = quantifier !== "" && part.sent.length > 1;
      sent += group ? `(?:${part.sent})${quantifier}` : part.sent + quantifier;
      meaning += group ? `(?:${part.meaning})${quantifier}` : part.meaning + quantifier;
    }
  }
  return { sent, meaning };
}

function alternation(random: Random, depth: number): RandomPattern {
  let { sent, meaning } = sequence(random, depth);
  while (random.chance(0.18)) {
    const other = sequence(random, depth);
    sent += "|" + other.sent;
    meaning += "|" + other.meaning;
  }
  return { sent, meaning };
}

/** A valid pattern, with white space around it. May match everything, or nothing. */
export function randomPattern(random: Random): RandomPattern {
  const { sent, meaning } = alternation(random, 2);
  // White space at the ends is trimmed, so a space there does not count (unless escaped).
  if (/^ |[^\\] $|^ ?$|\\ $/.test(sent)) return randomPattern(random);
  const flags = random.pick(["", "", "", "(?i)", "(?i)", "(?s)", "(?m)", "(?U)"]);
  const around = random.chance(0.1) ? random.pick([" ", "\t ", "\u00a0", "\n"]) : "";
  return { sent: around + flags + sent + around, meaning: flags + meaning };
}
