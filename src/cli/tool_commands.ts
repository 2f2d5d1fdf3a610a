import { clientCommands } from "./client/commands.ts";
import type { Command } from "./command.ts";
import { demoCommand } from "./demo/demo_command.ts";
import { grepCommand } from "./grep/grep_command.ts";

/** The commands of the tools' program, in the order of its help. */
export const toolCommands: readonly Command[] = [...clientCommands, grepCommand, demoCommand];
