import { setImmediate } from "node:timers/promises";
import type { LogRoots } from "../files/locate.ts";
import { type LogLink, LogLinks } from "../files/log_links.ts";
import { Failure } from "../failure/failure.ts";
import { type FileErrorKind, fileErrorKind, type FileFacts, stat } from "../platform/files.ts";
import type { Breathe } from "../scan/source_window.ts";
import { mtime } from "../platform/mtime.ts";
import { encodeFixedFields, ListEncoder } from "./list_encoder.ts";

/** A LogMetadataList as bytes. */
export interface EncodedList {
  readonly bytes: Uint8Array;
  /** The number of logs in it. */
  readonly count: number;
}

/** A list that callers are waiting for. */
interface SharedList {
  readonly list: Promise<EncodedList>;
  /** How many callers wait for it. */
  callers: number;
}

/** How long a list blocks the event loop at a time, milliseconds. */
const SLICE_MS = 8;
/** The clock is read once per this many stat calls. */
const STATS_PER_CHECK = 64;

/**
 * Answers List. A response is correct as of the call or later: only data that cannot change while a link exists (its
 * names, encoded) is kept from call to call. Owned by the metadata service, which alone calls it.
 */
export class LogLister {
  readonly #links: LogLinks;
  readonly #nodeName: string;
  readonly #folder: string;
  readonly #sliceMs: number;
  /** Encoded id and spec of each link. Their memory is freed with the link. */
  readonly #fixedFields = new WeakMap<LogLink, Uint8Array>();
  /** Lists that have not begun, by their namespaces: identical requests meanwhile share one. */
  readonly #next = new Map<string, SharedList>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    options: {
      readonly roots: LogRoots;
      readonly nodeName: string;
      /** How long a list blocks the event loop at a time, milliseconds. */
      readonly sliceMs?: number;
    },
  ) {
    this.#sliceMs = options.sliceMs ?? SLICE_MS;
    this.#folder = options.roots.containerLogsDir;
    this.#nodeName = options.nodeName;
    this.#links = new LogLinks(this.#folder);
  }

  /**
   * The logs of the namespaces, or all logs if none is named, in no particular order. Rejects with Failure not-found if
   * the log folder is missing, permission-denied if the folder or every log in it may not be read. A list is abandoned
   * once the signals of all its callers have fired.
   */
  list(namespaces: readonly string[], signal?: AbortSignal): Promise<EncodedList> {
    const wanted = new Set(namespaces);
    const key = JSON.stringify([...wanted].sort());
    const shared = this.#next.get(key) ?? this.#begin(key, wanted);
    shared.callers++;
    const leave = () => void shared.callers--;
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
    return shared.list.finally(() => signal?.removeEventListener("abort", leave));
  }

  /** Lists run one after another: sharing one that has begun would return a state from before the call. */
  #begin(key: string, wanted: ReadonlySet<string>): SharedList {
    const list = this.#running.then(() => {
      this.#next.delete(key);
      return this.#encode(wanted, this.#turns(() => shared.callers > 0));
    });
    const shared: SharedList = { list, callers: 0 };
    this.#next.set(key, shared);
    this.#running = list.catch(() => {}); // The callers report it.
    return shared;
  }

  /** Yields to the event loop after each slice; rejects if nobody waits for the list any more. */
  #turns(isWanted: () => boolean): Breathe {
    let sliceEnd = performance.now() + this.#sliceMs;
    const turn = async () => {
      await setImmediate();
      if (!isWanted()) throw new DOMException("Nobody waits for this list", "AbortError");
      sliceEnd = performance.now() + this.#sliceMs;
    };
    return () => performance.now() < sliceEnd ? null : turn();
  }

  async #encode(wanted: ReadonlySet<string>, breathe: Breathe): Promise<EncodedList> {
    const encoder = new ListEncoder();
    let refused: unknown;
    let stats = 0;
    for (const link of await this.#links.read(breathe)) {
      const turn = ++stats % STATS_PER_CHECK === 0 ? breathe() : null;
      if (turn !== null) await turn;
      if (wanted.size > 0 && !wanted.has(link.name.namespace)) continue;
      const { facts, error } = targetFacts(link);
      if (error === "permission-denied") refused = error;
      if (facts !== null) {
        encoder.add(this.#fixedFieldsOf(link), facts.size, mtime(link.target, facts));
      }
    }
    if (encoder.count === 0 && refused !== undefined) throw allRefused(this.#folder);
    return { bytes: encoder.finish(), count: encoder.count };
  }

  #fixedFieldsOf(link: LogLink): Uint8Array {
    let bytes = this.#fixedFields.get(link);
    if (bytes === undefined) {
      bytes = encodeFixedFields(this.#nodeName, link.name);
      this.#fixedFields.set(link, bytes);
    }
    return bytes;
  }
}

/** No facts if the target is gone, is not a regular file, or may not be examined. */
function targetFacts(
  { target }: LogLink,
): { facts: FileFacts | null; error?: FileErrorKind } {
  try {
    const facts = stat(target);
    return { facts: facts.isFile ? facts : null };
  } catch (error) {
    return { facts: null, error: fileErrorKind(error) };
  }
}

function allRefused(folder: string): Failure {
  return new Failure(
    "permission-denied",
    `Cannot list the logs in ${folder}: the agent may not read the files that its links lead to; ` +
      "run the agent as a user who may (root on most nodes) and mount their folder",
  );
}
