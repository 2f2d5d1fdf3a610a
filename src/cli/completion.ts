import type { Command, Option } from "./command.ts";
import { exitCode, type Terminal, UsageError } from "./terminal.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** A command without options of its own, as it is listed. */
export const completionCommand = {
  name: "completion",
  usage: "bash|zsh|fish",
  summary: "print a completion script for a shell",
} as const;

/**
 * `completion SHELL` of a program: prints a script that completes its commands and options. Throws UsageError for another
 * shell.
 */
export function completion(
  program: string,
  commands: readonly Command[],
  args: readonly string[],
  terminal: Terminal,
): number {
  const [shell] = args;
  if (shell === "--help" || shell === "-h") {
    terminal.out(helpOf(program));
    return exitCode.done;
  }
  switch (shells.find((name) => name === shell)) {
    case "bash":
      terminal.out(bash(program, commands));
      return exitCode.done;
    case "zsh":
      terminal.out(
        `#compdef ${program}\nautoload -U +X bashcompinit && bashcompinit\n${
          bash(program, commands)
        }`,
      );
      return exitCode.done;
    case "fish":
      terminal.out(fish(program, commands));
      return exitCode.done;
    default:
      throw new UsageError(`Which shell? ${program} completion ${shells.join("|")}`);
  }
}

function helpOf(program: string): string {
  return `Usage: ${program} completion bash|zsh|fish

Prints a completion script.

  bash   source <(${program} completion bash)
  zsh    source <(${program} completion zsh)
  fish   ${program} completion fish | source
`;
}

/** Words that may follow the words so far: the next words of commands that begin so. */
function nextWords(commands: readonly Command[], before: readonly string[]): string[] {
  const words = commands.map(({ name }) => name.split(" "))
    .filter((name) => name.length > before.length && before.every((word, i) => name[i] === word))
    .map((name) => name[before.length] ?? "");
  return [...new Set(words)];
}

function optionWords(command: Command): string[] {
  return [...Object.keys(command.options), "help"].map((name) => `--${name}`);
}

/** Options that take a value, in both spellings. */
function spellings(name: string, { short }: Option): string {
  return short === undefined ? `--${name}` : `--${name}|-${short}`;
}

function bash(program: string, commands: readonly Command[]): string {
  const id = program.replaceAll("-", "_");
  const groups = [...new Set(commands.map(({ name }) => name.split(" ").slice(0, -1).join(" ")))];
  const branches = [
    ...groups.map((group) => {
      const words = nextWords(commands, group === "" ? [] : group.split(" "));
      return `    "${group}") words="${words.join(" ")}" ;;`;
    }),
    ...commands.map((command) =>
      `    "${command.name}")
      case "$previous" in
${
        Object.entries(command.options).filter(([, { type }]) => type === "string").map((
          [name, option],
        ) => `        ${spellings(name, option)}) ${bashValues(option)}; return ;;`).join("\n")
      }
      esac
      words="${optionWords(command).join(" ")}"
      ${
        command.paths
          ? "[[ $current == -* ]] || { compopt -o default; COMPREPLY=(); return; }"
          : ":"
      } ;;`
    ),
  ];
  return `_${id}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in
      ${
    [...new Set([...groups.filter((group) => group !== ""), ...commands.map(({ name }) => name)])]
      .map((name) => `"${name}"`).join("|")
  }) command="\${command:+$command }$word" ;;
      *) break ;;
    esac
  done
  case "$command" in
${branches.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${id} ${program}
`;
}

function bashValues({ choices, path }: Option): string {
  if (choices !== undefined) {
    return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"))`;
  }
  return path ? "compopt -o default; COMPREPLY=()" : "COMPREPLY=()";
}

function fish(program: string, commands: readonly Command[]): string {
  const lines = [`complete -c ${program} -f`];
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const groups = new Set<string>();
  for (const { name, summary, options, paths } of commands) {
    const words = name.split(" ");
    const last = words.at(-1) ?? "";
    const group = words.slice(0, -1).join(" ");
    if (group === "") {
      lines.push(
        `complete -c ${program} -n __fish_use_subcommand -a ${last} -d ${quote(summary)}`,
      );
    } else {
      if (!groups.has(group)) {
        lines.push(`complete -c ${program} -n __fish_use_subcommand -a ${group}`);
        groups.add(group);
      }
      lines.push(
        `complete -c ${program} -n '__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${
          commands.filter((one) => one.name.startsWith(`${group} `)).map((one) =>
            one.name.split(" ").at(-1)
          ).join(" ")
        }' -a ${last} -d ${quote(summary)}`,
      );
    }
    const seen = `'${words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ")}'`;
    if (paths) lines.push(`complete -c ${program} -n ${seen} -F`);
    for (const [option, { short, help, type, choices, path }] of Object.entries(options)) {
      lines.push([
        `complete -c ${program} -n ${seen} -l ${option}`,
        ...(short === undefined ? [] : [`-s ${short}`]),
        ...(type === "string" ? ["-r"] : []),
        ...(choices === undefined ? [] : [`-a ${quote(choices.join(" "))}`]),
        ...(path ? ["-F"] : []),
        `-d ${quote(help.split(/[;:(]/, 1)[0]?.trim() ?? "")}`,
      ].join(" "));
    }
  }
  return `${lines.join("\n")}\n`;
}
