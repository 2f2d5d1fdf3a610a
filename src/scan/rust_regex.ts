import { Failure } from "../failure/failure.ts";
import { collectGarbage } from "../platform/memory.ts";
import { type Hir, RegexEngine, SyntaxTooLarge } from "./regex_engine.ts";

export type { Hir };

/** An engine that has grown beyond this is discarded, in bytes. It begins with 1.5 MB. */
const MAX_ENGINE_BYTES = 24 * 2 ** 20;

/**
 * Parts of a pattern's syntax tree: about 25 MB of JavaScript objects, and as much for what is derived from them. 250
 * words, with every alternative for the spaces between them, have 90,000.
 */
const MAX_SYNTAX_PARTS = 100_000;

/** A pattern needs more memory than this thread's engines may take. */
export class EngineFull extends Failure {
  constructor() {
    super("invalid-argument", "Invalid grep pattern: too big for the regex engine's memory");
  }
}

let engine: RegexEngine | null = null;
/** The memory that an engine of this thread may take; 0: as much as the module allows. */
let engineBytes = 0;
/** The number of the engine in use, or of the last one. */
let engineNumber = 0;
let engineListener: ((stop: SharedArrayBuffer) => void) | null = null;

/**
 * Calls the listener with the shared memory through which another thread can end the engine's work: for the engine in
 * use, if there is one, and for each later one.
 */
export function onEngine(listener: (stop: SharedArrayBuffer) => void): void {
  engineListener = listener;
  if (engine !== null) listener(engine.stop);
}

/** Limits the memory of this thread's engines to the given bytes from now on. */
export function limitEngines(bytes: number): void {
  engineBytes = bytes;
  engine?.limit(bytes);
}

/** The memory of this thread's engine, in bytes; 0: there is none. */
export function engineMemory(): number {
  return engine?.bytes ?? 0;
}

/** A pattern of the Rust regex crate, matched against UTF-8 bytes. Owned by its creator. */
export class RustRegex {
  readonly #pattern: string;
  /**
   * The number of the engine in which `#handle` is the compiled regex. This is not a reference to the engine, because a
   * kept regex must not keep the engine's memory alive.
   */
  #engineNumber = 0;
  #handle = 0;

  /**
   * Throws an Error with the parser's own message if the pattern is invalid or too big. The constructor and the methods
   * throw a WebAssembly.RuntimeError if the engine was stopped, and an EngineFull if the pattern is too big for the
   * memory of an engine.
   */
  constructor(pattern: string) {
    this.#pattern = pattern;
    if (engine !== null && engine.bytes > MAX_ENGINE_BYTES) engine = null;
    const refusal = this.#refusalByLargeEngine();
    if (refusal === null) return;
    engine = null; // Now, because it may be long until the next pattern comes.
    collectGarbage();
    throw new Error(refusal);
  }

  /**
   * Compiles. Returns only the message, because an error's stack retains the engine; a separate method, so that no
   * frame retains the error.
   */
  #refusalByLargeEngine(): string | null {
    try {
      this.#inEngine(() => {});
      return null;
    } catch (error) {
      const isLarge = engine !== null && engine.bytes > MAX_ENGINE_BYTES;
      if (!isLarge || !(error instanceof Error)) throw error;
      return error.message;
    }
  }

  /** The syntax tree, with flags and case folding resolved; null if it is too large to be analyzed. */
  syntax(): Hir | null {
    try {
      return this.#inEngine((engine) => engine.syntax(this.#handle, MAX_SYNTAX_PARTS));
    } catch (error) {
      if (!(error instanceof SyntaxTooLarge)) throw error;
      engine = null; // It was interrupted in the middle of its work.
      collectGarbage();
      return null;
    }
  }

  /** Whether there is a match in `text[start, end)`, which must be valid UTF-8. Takes time linear in its length. */
  matches(text: Uint8Array, start: number, end: number): boolean {
    if (engine !== null && this.#engineNumber === engineNumber) {
      try {
        return engine.matches(this.#handle, text, start, end);
      } catch (error) {
        giveUpAfter(error);
      }
    }
    return this.#matchesAnew(text, start, end);
  }

  /** All matches in valid UTF-8, in order, with offsets in bytes. */
  findAll(text: Uint8Array): readonly { readonly start: number; readonly end: number }[] {
    return this.#inEngine((engine) => engine.findAll(this.#handle, text));
  }

  // Separate from matches(), which is called for each line and must not create a closure.
  #matchesAnew(text: Uint8Array, start: number, end: number): boolean {
    return this.#inEngine((engine) => engine.matches(this.#handle, text, start, end));
  }

  /** Runs work with the regex compiled, in a new engine if other regexes left too little memory for it. */
  #inEngine<T>(work: (engine: RegexEngine) => T): T {
    const isNew = engine === null;
    try {
      return work(this.#compiled());
    } catch (error) {
      giveUpAfter(error);
    }
    if (isNew) {
      collectGarbage();
      throw new EngineFull();
    }
    return this.#inEngine(work);
  }

  #compiled(): RegexEngine {
    const inUse = engine ?? startEngine();
    if (this.#engineNumber !== engineNumber) {
      this.#handle = inUse.compile(this.#pattern);
      this.#engineNumber = engineNumber;
    }
    return inUse;
  }
}

function startEngine(): RegexEngine {
  if (engineNumber > 0) collectGarbage(); // Frees the previous engine, which V8 does not know to be large.
  engine = new RegexEngine();
  engine.limit(engineBytes);
  engineNumber++;
  engineListener?.(engine.stop);
  return engine;
}

/** Discards the engine if it trapped (out of memory, or stopped). Rethrows errors other than a lack of memory. */
function giveUpAfter(error: unknown): void {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const wasStopped = engine?.isStopped;
  engine = null;
  if (wasStopped) throw error;
}
