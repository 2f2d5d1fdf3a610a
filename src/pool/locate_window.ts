import type { ByteSource } from "../scan/byte_source.ts";
import type { LogFormat } from "../scan/scan.ts";
import type { Breathe } from "../scan/source_window.ts";
import { windowEnd, windowStart } from "../scan/time_search.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import type { Bounds } from "./messages.ts";

/** Where the lines of a window are in a source. */
export async function locateWindow(
  source: ByteSource,
  { format, window }: { readonly format: LogFormat; readonly window: TimeWindow },
  breathe: Breathe,
): Promise<Bounds> {
  const { start, stop } = window;
  const { size } = source;
  const to = stop === null
    ? size
    : await windowEnd(source, format, stop, { from: 0, to: size }, breathe);
  const from = start === null
    ? 0
    : await windowStart(source, format, start, { from: 0, to }, breathe);
  return { from, to };
}
