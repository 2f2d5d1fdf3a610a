import type { Command, Options } from "./command.ts";
import { parseCommand } from "./command.ts";
import { UsageError } from "./terminal.ts";

/** The options with which every command of the agent names its configuration. */
export const configOptions = {
  config: {
    type: "string",
    short: "c",
    value: "FILE",
    path: true,
    help: "configuration file: YAML, JSON or TOML",
  },
  addr: {
    type: "string",
    short: "a",
    value: "HOST:PORT",
    help: "address of the gRPC port; overrides addr in the file",
  },
  param: {
    type: "string",
    short: "p",
    multiple: true,
    value: "KEY:VALUE",
    help: "one configuration key, such as logging.level:debug; repeatable",
  },
} as const satisfies Options;

/** The arguments of loadConfig. */
export interface ConfigSources {
  readonly file?: string;
  readonly addr?: string;
  readonly params: readonly string[];
}

/** Reads the options of one of the agent's commands. Throws UsageError. */
export function readConfigSources(
  command: Command<typeof configOptions>,
  words: readonly string[],
): ConfigSources {
  const { values, positionals } = parseCommand(command, words);
  const [word] = positionals;
  if (word !== undefined) {
    throw new UsageError(
      `Unexpected argument ${JSON.stringify(word)}. Try: ${command.name} --help`,
    );
  }
  return configSources(values);
}

/** The same for options that are already parsed. */
export function configSources(
  values: {
    readonly config?: string | undefined;
    readonly addr?: string | undefined;
    readonly param?: readonly string[] | undefined;
  },
): ConfigSources {
  return {
    ...(values.config === undefined ? {} : { file: values.config }),
    ...(values.addr === undefined ? {} : { addr: values.addr }),
    params: values.param ?? [],
  };
}
