import type { LogRecord } from "../../generated/cluster_agent.ts";
import { timeText } from "../../client/names.ts";
import type { Failure } from "../../failure/failure.ts";
import type { SearchReport } from "../../local_search/search.ts";
import { countText, type Output } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { safeJson } from "../terminal_text.ts";

const NO_CONTAINER_LOG = "no container log (neither CRI nor Docker json-file format)";

/**
 * Prints the lines that a search found, as grep does: FILE:NUMBER:TIME MESSAGE. Made by the command, called by its
 * search.
 */
export class Report implements SearchReport {
  readonly kind: SearchReport["kind"];
  readonly #terminal: Terminal;
  readonly #output: Output;
  readonly #withFile: boolean;
  readonly #withNumber: boolean;
  #hasShown = false;

  constructor(
    terminal: Terminal,
    output: Output,
    options: {
      readonly kind: SearchReport["kind"];
      readonly withFile: boolean;
      readonly withNumber: boolean;
    },
  ) {
    this.#terminal = terminal;
    this.#output = output;
    this.kind = options.kind;
    this.#withFile = options.withFile;
    this.#withNumber = options.withNumber;
  }

  line(
    file: string,
    record: LogRecord,
    context: { readonly number?: number; readonly isMatch?: boolean } = {},
  ): void {
    this.#hasShown = true;
    const { number, isMatch = true } = context;
    const time = timeText(record.timestamp);
    if (this.#output.format === "json") {
      const { message, is_final } = record;
      this.#output.line(safeJson({
        ...(this.#withFile ? { file } : {}),
        ...(this.#withNumber ? { line: number } : {}),
        ...(isMatch ? {} : { context: true }),
        timestamp: time,
        message,
        is_final,
      }));
      return;
    }
    const mark = isMatch ? ":" : "-";
    const head = (this.#withFile ? `${this.#output.name(file)}${mark}` : "") +
      (this.#withNumber ? `${number}${mark}` : "");
    const text = this.#output.message(record.message);
    this.#output.line(
      this.#output.format === "raw" ? head + text : `${head}${this.#output.dim(time)} ${text}`,
    );
  }

  /** Marks that lines between the printed ones are omitted. */
  gap(): void {
    if (this.#hasShown && this.#output.format !== "json") this.#output.line("--");
  }

  count(file: string, count: number): void {
    if (this.#output.format === "json") this.#output.line(safeJson({ file, count }));
    else this.#output.line(this.#withFile ? `${this.#output.name(file)}:${count}` : String(count));
  }

  file(file: string): void {
    this.#output.line(this.#output.format === "json" ? safeJson({ file }) : file);
  }

  flush(): void {
    this.#output.flush();
  }

  noContainerLog(path: string): void {
    this.#tell(`${path}: ${NO_CONTAINER_LOG}`);
  }

  skipped(folder: string, files: number): void {
    this.#tell(`${folder}: ${countText(files, "file")} skipped: no container logs`);
  }

  failed(failure: Failure): void {
    this.#tell(failure.message);
  }

  /** Written after the results before it. */
  #tell(text: string): void {
    this.flush();
    this.#terminal.err(`${text}\n`);
  }
}
