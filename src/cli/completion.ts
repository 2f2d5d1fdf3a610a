import type { Command, Option } from "./command.ts";
import { exitCode, type Terminal, UsageError } from "./terminal.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** A command without options of its own, for listing. */
export const completionCommand = {
  name: "completion",
  usage: "bash|zsh|fish",
  summary: "print a completion script for a shell",
} as const;

/**
 * `completion SHELL` of a program: prints a script that completes its commands and options. Throws UsageError for an
 * unknown shell.
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
      terminal.out(zsh(program, commands));
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

/** How a shell's function offers words and file names; each must be the last thing that the function does. */
interface Dialect {
  readonly offer: (words: readonly string[]) => string;
  readonly files: string;
  /** Holds if an option is being typed. */
  readonly isOption: string;
}

const bashDialect: Dialect = {
  offer: (words) => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current"))`,
  files: "compopt -o default",
  isOption: "[[ $current == -* ]]",
};

const zshDialect: Dialect = {
  offer: (words) => `compadd -- ${words.join(" ")}`,
  files: "_files",
  isOption: "[[ $PREFIX == -* ]]",
};

function bash(program: string, commands: readonly Command[]): string {
  const id = `_${program.replaceAll("-", "_")}`;
  return `${id}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${body(commands, bashDialect)}
}
complete -F ${id} ${program}
`;
}

/** A function of zsh's own completion system (zshcompsys): its emulation of bash's has no compopt. */
function zsh(program: string, commands: readonly Command[]): string {
  return `#compdef ${program}
_${program}() {
  local previous="\${words[CURRENT-1]}" command="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
${body(commands, zshDialect)}
}
if [[ "\${funcstack[1]}" == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

/** The rest of the function, starting inside its loop over the words before the current one. */
function body(commands: readonly Command[], dialect: Dialect): string {
  const names = commands.map(({ name }) => name);
  const groups = new Set(names.map((name) => name.split(" ").slice(0, -1).join(" ")));
  const known = new Set([...groups, ...names, completionCommand.name]);
  known.delete("");
  const branches = [...groups].map((group) => {
    const words = nextWords(commands, group === "" ? [] : group.split(" "));
    if (group === "") words.push(completionCommand.name);
    return `    "${group}") ${dialect.offer(words)} ;;`;
  });
  return `    case "\${command:+$command }$word" in
      ${[...known].map((name) => `"${name}"`).join("|")}) command="\${command:+$command }$word" ;;
      *) break ;;
    esac
  done
  case "$command" in
${branches.join("\n")}
    "${completionCommand.name}") ${dialect.offer(shells)} ;;
${commands.map((command) => branchOf(command, dialect)).join("\n")}
  esac`;
}

function branchOf({ name, options, paths }: Command, dialect: Dialect): string {
  const { offer, files, isOption } = dialect;
  const values = Object.entries(options).filter(([, { type }]) => type === "string")
    .map(([option, described]) => {
      const { choices, path } = described;
      const offered = choices !== undefined ? offer(choices) : path ? files : ":";
      return `        ${spellings(option, described)}) ${offered}; return ;;`;
    });
  return `    "${name}")
      case "$previous" in
${values.join("\n")}
      esac
${paths ? `      ${isOption} || { ${files}; return; }\n` : ""}      ${
    offer([...Object.keys(options), "help"].map((option) => `--${option}`))
  } ;;`;
}

/** The possible next words: those of commands that begin with the words so far. */
function nextWords(commands: readonly Command[], before: readonly string[]): string[] {
  const words = commands.map(({ name }) => name.split(" "))
    .filter((name) => name.length > before.length && before.every((word, i) => name[i] === word))
    .map((name) => name[before.length] ?? "");
  return [...new Set(words)];
}

/** An option in all its spellings, as a `case` pattern. */
function spellings(name: string, { short }: Option): string {
  return short === undefined ? `--${name}` : `--${name}|-${short}`;
}

function fish(program: string, commands: readonly Command[]): string {
  const { name: own, summary: about } = completionCommand;
  const lines = [
    `complete -c ${program} -f`,
    `complete -c ${program} -l help -s h -d 'show help'`,
    `complete -c ${program} -n __fish_use_subcommand -a ${own} -d '${about}'`,
    `complete -c ${program} -n '__fish_seen_subcommand_from ${own}' -a '${shells.join(" ")}'`,
  ];
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
        // A value, and a file only if it is a path.
        ...(type === "string" ? [path ? "-r" : "-x"] : []),
        ...(choices === undefined ? [] : [`-a ${quote(choices.join(" "))}`]),
        ...(path ? ["-F"] : []),
        `-d ${quote(help.split(/[;:(]/, 1)[0]?.trim() ?? "")}`,
      ].join(" "));
    }
  }
  return `${lines.join("\n")}\n`;
}
