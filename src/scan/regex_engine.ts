/**
 * The Rust regex crate as WebAssembly (npm package rregex), used through its raw functions: they accept UTF-8 bytes as
 * they are, and several instances may exist, which the package's own classes do not allow. Several instances are needed
 * because the package's `free` does not release a regex's memory (half a megabyte for one \w): an engine that has grown
 * is discarded as a whole. Its memory has a maximum (hack/gen.ts); if that is not enough, the engine traps.
 */
// @ts-types="../generated/rregex/rregex.d.ts"
import type { Hir } from "../generated/rregex/rregex.js";
import module from "./rregex_wasm.js";

export type { Hir };

/** The module's exports that are used here. The arrays are results: value, error, whether it is an error. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  /** Added by hack/interruptible_wasm.ts. */
  readonly stop: WebAssembly.Memory;
  readonly __wbindgen_export_2: WebAssembly.Table;
  __wbindgen_start(): void;
  __wbindgen_malloc(size: number, align: number): number;
  __externref_table_alloc(): number;
  __externref_table_dealloc(index: number): void;
  __wbindgen_exn_store(index: number): void;
  rregex_new(pattern: number, length: number): [handle: number, error: number, isError: number];
  rregex_syntax(handle: number): [value: number, error: number, isError: number];
  rregex_isMatch(handle: number, text: number, length: number): number;
  rregex_findAll(
    handle: number,
    text: number,
    length: number,
  ): [value: number, error: number, isError: number];
}

/** Page size of a WebAssembly memory. */
const PAGE_BYTES = 64 * 1024;

/** A syntax tree has more parts than allowed. */
export class SyntaxTooLarge extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One instance of the regex crate. It cannot be used after a WebAssembly.RuntimeError. Owned by the patterns of one
 * thread (rust_regex.ts).
 */
export class RegexEngine {
  readonly #exports: Exports;
  #memory: Uint8Array;
  /** How many more parts a syntax tree may have while it is built. */
  #partsLeft = Number.POSITIVE_INFINITY;

  constructor() {
    const instance = new WebAssembly.Instance(module, { wbg: this.#imports() });
    this.#exports = instance.exports as unknown as Exports;
    this.#memory = new Uint8Array(this.#exports.memory.buffer);
    this.#exports.__wbindgen_start();
  }

  /** Memory in use, in bytes; never decreases. */
  get bytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /**
   * Limits the engine's memory from now on, in bytes; an operation that needs more traps. 0: the module's maximum, 128
   * MiB.
   */
  limit(bytes: number): void {
    new Int32Array(this.stop)[1] = Math.floor(bytes / PAGE_BYTES);
  }

  /** Shared memory whose first 32-bit word makes the engine trap when set to anything but 0. */
  get stop(): SharedArrayBuffer {
    return this.#exports.stop.buffer as unknown as SharedArrayBuffer;
  }

  /** Whether it was told to stop. */
  get isStopped(): boolean {
    return Atomics.load(new Int32Array(this.stop), 0) !== 0;
  }

  /** Compiles a pattern. Throws an Error with the parser's own message. */
  compile(pattern: string): number {
    const source = encoder.encode(pattern);
    const at = this.#copyIn(source, 0, source.length);
    const [handle, error, isError] = this.#exports.rregex_new(at, source.length);
    if (isError) throw this.#take(error);
    return handle >>> 0;
  }

  /**
   * The syntax tree, with flags and case folding resolved (regex_syntax::hir). Throws the engine's error, or
   * SyntaxTooLarge if it has more than `maxParts` parts (objects and their members); after that, the engine cannot be
   * used.
   */
  syntax(handle: number, maxParts: number): Hir {
    this.#partsLeft = maxParts;
    const [value, error, isError] = this.#exports.rregex_syntax(handle);
    if (this.#partsLeft < 0) throw new SyntaxTooLarge("The syntax tree is too large");
    this.#partsLeft = Number.POSITIVE_INFINITY;
    if (isError) throw this.#take(error);
    return this.#take(value) as Hir;
  }

  /** Whether there is a match in `text[start, end)`, which must be valid UTF-8. */
  matches(handle: number, text: Uint8Array, start: number, end: number): boolean {
    return this.#exports.rregex_isMatch(handle, this.#copyIn(text, start, end), end - start) !== 0;
  }

  /** All matches in valid UTF-8, in order, with offsets in bytes. */
  findAll(handle: number, text: Uint8Array): readonly { start: number; end: number }[] {
    const at = this.#copyIn(text, 0, text.length);
    const [value, error, isError] = this.#exports.rregex_findAll(handle, at, text.length);
    if (isError) throw this.#take(error);
    return this.#take(value) as { start: number; end: number }[];
  }

  /** Copies bytes to where the callee takes (and frees) them. */
  #copyIn(bytes: Uint8Array, start: number, end: number): number {
    const at = this.#exports.__wbindgen_malloc(end - start, 1) >>> 0;
    this.#view().set(bytes.subarray(start, end), at);
    return at;
  }

  #view(): Uint8Array {
    const { buffer } = this.#exports.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }

  /** Takes a value out of the table through which it was passed. */
  #take(index: number): unknown {
    const value = this.#exports.__wbindgen_export_2.get(index);
    this.#exports.__externref_table_dealloc(index);
    return value;
  }

  #text(at: number, length: number): string {
    return decoder.decode(this.#view().subarray(at >>> 0, (at >>> 0) + length));
  }

  #countPart(): void {
    if (--this.#partsLeft < 0) throw new SyntaxTooLarge("The syntax tree is too large");
  }

  /** The functions that the module calls to build its syntax tree and its errors (wasm-bindgen's ABI). */
  #imports(): WebAssembly.ModuleImports {
    const caught = <A extends unknown[]>(call: (...args: A) => unknown) => (...args: A) => {
      try {
        return call(...args);
      } catch (error) {
        const index = this.#exports.__externref_table_alloc();
        this.#exports.__wbindgen_export_2.set(index, error);
        this.#exports.__wbindgen_exn_store(index);
        return undefined;
      }
    };
    return {
      __wbg_buffer_609cc3eee51ed158: (view: Uint8Array) => view.buffer,
      __wbg_fromCodePoint_f37c25c172f2e8b5: caught((code: number) =>
        String.fromCodePoint(code >>> 0)
      ),
      __wbg_from_2a5d3e218e67aa85: (items: Iterable<unknown>) => Array.from(items),
      __wbg_get_b9b93047fe3cf45b: (items: unknown[], index: number) => items[index >>> 0],
      __wbg_length_e2d2a49132c1b256: (items: unknown[]) => items.length,
      __wbg_new_405e22f390576ce2: () => ({}),
      __wbg_new_78feb108b6472713: () => [],
      __wbg_new_a12002a7f91c75be: (buffer: ArrayBuffer) => new Uint8Array(buffer),
      __wbg_newwithbyteoffsetandlength_d97e637ebe145a9a: (
        buffer: ArrayBuffer,
        offset: number,
        length: number,
      ) => new Uint8Array(buffer, offset >>> 0, length >>> 0),
      __wbg_push_737cfc8c1432c2c6: (items: unknown[], item: unknown) => {
        this.#countPart();
        return items.push(item);
      },
      __wbg_set_37837023f3d740e8: (items: unknown[], index: number, item: unknown) => {
        this.#countPart();
        items[index >>> 0] = item;
      },
      __wbg_set_3f1d0b984ed272ed: (
        object: Record<PropertyKey, unknown>,
        key: PropertyKey,
        value: unknown,
      ) => {
        this.#countPart();
        object[key] = value;
      },
      __wbg_set_bb8cecf6a62b9f46: caught((object: object, key: PropertyKey, value: unknown) => {
        this.#countPart();
        return Reflect.set(object, key, value);
      }),
      __wbindgen_bigint_from_u64: (value: bigint) => BigInt.asUintN(64, value),
      __wbindgen_error_new: (at: number, length: number) => new Error(this.#text(at, length)),
      __wbindgen_init_externref_table: () => {
        const table = this.#exports.__wbindgen_export_2;
        const first = table.grow(4);
        [undefined, null, true, false].forEach((value, i) => table.set(first + i, value));
        table.set(0, undefined);
      },
      __wbindgen_memory: () => this.#exports.memory,
      __wbindgen_number_new: (value: number) => value,
      __wbindgen_string_get: (at: number, value: unknown) => {
        const bytes = typeof value === "string" ? encoder.encode(value) : null;
        const text = bytes === null ? 0 : this.#copyIn(bytes, 0, bytes.length);
        const result = new DataView(this.#exports.memory.buffer, at >>> 0);
        result.setInt32(4, bytes?.length ?? 0, true);
        result.setInt32(0, text, true);
      },
      __wbindgen_string_new: (at: number, length: number) => this.#text(at, length),
      __wbindgen_throw: (at: number, length: number) => {
        throw new Error(this.#text(at, length));
      },
    };
  }
}
