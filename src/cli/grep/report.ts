import type { LogRecord } from "../../generated/cluster_agent.ts";
import type { Output } from "../output.ts";
import { timeText } from "../output.ts";
import { safeJson } from "../terminal_text.ts";

/** What is printed for each file. */
export type ReportKind = "lines" | "count" | "files" | "nothing";

/** Prints the lines that a search found, as grep does: FILE:NUMBER:TIME MESSAGE. Made by the command, called by its search. */
export class Report {
  readonly kind: ReportKind;
  readonly #output: Output;
  readonly #withFile: boolean;
  readonly #withNumber: boolean;
  #hasShown = false;

  constructor(
    output: Output,
    options: {
      readonly kind: ReportKind;
      readonly withFile: boolean;
      readonly withNumber: boolean;
    },
  ) {
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

  /** Marks that lines between the printed ones are left out. */
  gap(): void {
    if (this.#hasShown && this.#output.format === "text") this.#output.line("--");
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
}
