import { type Hir, RegexEngine } from "./regex_engine.ts";

export type { Hir };

/** An engine that has grown beyond this is given up, bytes. It begins with 1.5 MB. */
const MAX_ENGINE_BYTES = 24 * 2 ** 20;

let engine: RegexEngine | null = null;
let engineListener: ((stop: SharedArrayBuffer) => void) | null = null;

/**
 * Calls the listener with the shared memory by which another thread can end the engine's work: of the
 * engine in use, if there is one, and of each that follows.
 */
export function onEngine(listener: (stop: SharedArrayBuffer) => void): void {
  engineListener = listener;
  if (engine !== null) listener(engine.stop);
}

/** A pattern of the Rust regex crate, matched against UTF-8 bytes. */
export class RustRegex {
  readonly #pattern: string;
  /** The engine in which `#handle` is the compiled regex. */
  #engine: RegexEngine;
  #handle: number;

  /** Throws an Error with the parser's own message when the pattern is not valid or too big. */
  constructor(pattern: string) {
    this.#pattern = pattern;
    if (engine !== null && engine.bytes > MAX_ENGINE_BYTES) engine = null;
    this.#engine = currentEngine();
    this.#handle = orGiveUp(() => this.#engine.compile(pattern));
  }

  /** The syntax tree, with flags and case folding resolved. */
  syntax(): Hir {
    if (this.#engine !== engine) this.#compileAgain();
    return orGiveUp(() => this.#engine.syntax(this.#handle));
  }

  /** Is there a match in `text[start, end)`? It must be valid UTF-8. Takes time linear in its length. */
  matches(text: Uint8Array, start: number, end: number): boolean {
    if (this.#engine !== engine) this.#compileAgain();
    try {
      return this.#engine.matches(this.#handle, text, start, end);
    } catch (error) {
      engine = null;
      throw error;
    }
  }

  #compileAgain(): void {
    this.#engine = currentEngine();
    this.#handle = orGiveUp(() => this.#engine.compile(this.#pattern));
  }
}

function currentEngine(): RegexEngine {
  if (engine === null) {
    engine = new RegexEngine();
    engineListener?.(engine.stop);
  }
  return engine;
}

/** Does something with the engine. If that traps (out of memory, or stopped), the engine is given up. */
function orGiveUp<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) engine = null;
    throw error;
  }
}
