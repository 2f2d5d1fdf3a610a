import type { Options } from "./command.ts";
import { readWord } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** The color option of every command that shows records. */
export const colorOption = {
  color: {
    type: "string",
    value: "WHEN",
    choices: ["auto", "always", "never"],
    help: "auto: on a terminal, unless NO_COLOR is set (default); always; never",
  },
} as const satisfies Options;

/** Whether results are colored. Throws UsageError for any other word. */
export function useColor(choice: string | undefined, terminal: Terminal): boolean {
  switch (readWord("--color", choice, ["auto", "always", "never"])) {
    case "always":
      return true;
    case "never":
      return false;
    default:
      return terminal.color;
  }
}
