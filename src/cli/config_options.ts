import { parseArgs } from "node:util";

/** `-c FILE`, `-a HOST:PORT` and any number of `-p key:value`, as serve, config check and healthcheck take them. */
export function configOptions(
  args: readonly string[],
): { file?: string; addr?: string; params: string[] } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string", short: "c" },
      addr: { type: "string", short: "a" },
      param: { type: "string", short: "p", multiple: true },
    },
  });
  return {
    ...(values.config === undefined ? {} : { file: values.config }),
    ...(values.addr === undefined ? {} : { addr: values.addr }),
    params: values.param ?? [],
  };
}

/** Whether parseArgs found the command line wrong; node:util tells its errors by their code. */
export function isUsageError(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    String(error.code).startsWith("ERR_PARSE_ARGS");
}
