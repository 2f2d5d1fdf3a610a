// @ts-types="../generated/rregex/rregex.d.ts"
import { type Hir, initSync, RRegex } from "../generated/rregex/rregex.js";
import module from "./rregex_wasm.js";

export type { Hir };

const wasm = initSync({ module });
const encoder = new TextEncoder();
const freeWhenGone = new FinalizationRegistry((handle: number) =>
  wasm.__wbg_rregex_free(handle, 1)
);
let memory = new Uint8Array(wasm.memory.buffer);

/** A compiled pattern of the Rust regex crate, matched against UTF-8 bytes. */
export class RustRegex {
  /** The syntax tree, with flags and case folding resolved (regex_syntax::hir). */
  readonly syntax: Hir;
  readonly #handle: number;

  /** Throws an Error with the parser's own message when the pattern is not valid or too big. */
  constructor(pattern: string) {
    const regex = new RRegex(pattern);
    this.syntax = regex.syntax();
    regex.free();
    // The class takes strings only. The raw functions take UTF-8 bytes as they are, which spares
    // every line a decoding and an encoding.
    const source = encoder.encode(pattern);
    this.#handle = wasm.rregex_new(copyIn(source, 0, source.length), source.length)[0] >>> 0;
    freeWhenGone.register(this, this.#handle);
  }

  /** Is there a match in `text[start, end)`? It must be valid UTF-8. Takes time linear in its length. */
  matches(text: Uint8Array, start: number, end: number): boolean {
    return wasm.rregex_isMatch(this.#handle, copyIn(text, start, end), end - start) !== 0;
  }
}

/** Copies bytes to where the callee takes them (and frees them). */
function copyIn(bytes: Uint8Array, start: number, end: number): number {
  const at = wasm.__wbindgen_malloc(end - start, 1) >>> 0;
  if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
  memory.set(bytes.subarray(start, end), at);
  return at;
}
