import { Failure } from "../failure/failure.ts";
import { collectGarbage } from "../platform/memory.ts";
import { type Hir, RegexEngine, SyntaxTooLarge } from "./regex_engine.ts";

export type { Hir };

/** An engine that has grown beyond this is discarded, bytes. It begins with 1.5 MB. */
const MAX_ENGINE_BYTES = 24 * 2 ** 20;

/**
 * Of a pattern's syntax tree: about 25 MB of JavaScript objects, and as much for what is derived from it. 250 words, with
 * all that may stand for the spaces between them, have 90,000.
 */
const MAX_SYNTAX_PARTS = 100_000;

/** A pattern needs more memory than this thread's engines may take. */
export class EngineFull extends Failure {
  constructor() {
    super("invalid-argument", "Invalid grep pattern: too big for the regex engine's memory");
  }
}

let engine: RegexEngine | null = null;
/** What an engine of this thread may take; 0: as much as the module allows. */
let engineBytes = 0;
/** Of the engine in use, or the last one. */
let engineNumber = 0;
let engineListener: ((stop: SharedArrayBuffer) => void) | null = null;

/**
 * Calls the listener with the shared memory by which another thread can end the engine's work: of the
 * engine in use, if there is one, and of each that follows.
 */
export function onEngine(listener: (stop: SharedArrayBuffer) => void): void {
  engineListener = listener;
  if (engine !== null) listener(engine.stop);
}

/** From now on engines of this thread take at most the given bytes. */
export function limitEngines(bytes: number): void {
  engineBytes = bytes;
  engine?.limit(bytes);
}

/** What this thread's engine takes, bytes; 0: there is none. */
export function engineMemory(): number {
  return engine?.bytes ?? 0;
}

/** A pattern of the Rust regex crate, matched against UTF-8 bytes. Owned by whoever compiles it. */
export class RustRegex {
  readonly #pattern: string;
  /**
   * The number of the engine in which `#handle` is the compiled regex. Not the engine itself: its
   * memory must not outlive it because a regex is kept.
   */
  #engineNumber = 0;
  #handle = 0;

  /**
   * Throws an Error with the parser's own message when the pattern is not valid or too big. This and
   * the methods throw a WebAssembly.RuntimeError when the engine was stopped, and an
   * EngineFull when the pattern is too big for the memory of an engine.
   */
  constructor(pattern: string) {
    this.#pattern = pattern;
    if (engine !== null && engine.bytes > MAX_ENGINE_BYTES) engine = null;
    const refusal = this.#refusalByLargeEngine();
    if (refusal === null) return;
    engine = null; // At once: it may be long until the next pattern comes.
    collectGarbage();
    throw new Error(refusal);
  }

  /** Compiles. The message only, because an error's stack holds the engine; apart, so that no frame holds the error. */
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

  /** The syntax tree, with flags and case folding resolved; null where it is too large to be looked at. */
  syntax(): Hir | null {
    try {
      return this.#inEngine((engine) => engine.syntax(this.#handle, MAX_SYNTAX_PARTS));
    } catch (error) {
      if (!(error instanceof SyntaxTooLarge)) throw error;
      engine = null; // It was stopped in the middle of its work.
      collectGarbage();
      return null;
    }
  }

  /** Is there a match in `text[start, end)`? It must be valid UTF-8. Takes time linear in its length. */
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

  /** All matches in valid UTF-8, in order: offsets in bytes. */
  findAll(text: Uint8Array): readonly { readonly start: number; readonly end: number }[] {
    return this.#inEngine((engine) => engine.findAll(this.#handle, text));
  }

  // Apart from matches(), which is called for each line and must not create a closure.
  #matchesAnew(text: Uint8Array, start: number, end: number): boolean {
    return this.#inEngine((engine) => engine.matches(this.#handle, text, start, end));
  }

  /** Works with the regex compiled; where other regexes left too little memory for it, in a new engine. */
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
  if (engineNumber > 0) collectGarbage(); // The previous engine, which V8 does not know to be large.
  engine = new RegexEngine();
  engine.limit(engineBytes);
  engineNumber++;
  engineListener?.(engine.stop);
  return engine;
}

/** Discards the engine where it trapped (out of memory, or stopped). Throws what was not lack of memory. */
function giveUpAfter(error: unknown): void {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const wasStopped = engine?.isStopped;
  engine = null;
  if (wasStopped) throw error;
}
