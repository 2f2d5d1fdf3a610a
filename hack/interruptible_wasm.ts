/**
 * Modifies a WebAssembly module so that another thread can end its work. It gets a second memory, shared and exported
 * as "stop"; every iteration of every loop checks its first word and traps if it is not 0. Otherwise, an engine that is
 * linear but slow would run to its end: no thread of this platform can be ended from outside while it computes. Its own
 * memory gets a maximum beyond which it cannot grow; the second word of "stop", if it is not 0, is a lower maximum for
 * this instance, in pages of 64 KiB.
 *
 * Reads the binary format of the WebAssembly core specification (section 5), version 1: the instructions that stable
 * compilers emit, without SIMD and exceptions. Throws if it finds any other.
 *
 * @param options.maxMemoryPages of 64 KiB each
 */
export function interruptible(
  wasm: Uint8Array,
  options: { readonly maxMemoryPages: number },
): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  out.bytes(wasm.subarray(0, 8));
  const reader = new Reader(wasm, 8);
  let parameters: readonly number[] = [];
  let types: readonly number[] = [];
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    const begin = reader.at;
    const section = new Writer();
    if (id === TYPE_SECTION) parameters = readTypes(reader);
    else if (id === FUNCTION_SECTION) types = readIndices(reader);
    reader.at = begin;
    if (id === MEMORY_SECTION) addMemory(reader, section, options.maxMemoryPages);
    else if (id === EXPORT_SECTION) addExport(reader, end, section);
    else if (id === CODE_SECTION) {
      addChecks(reader, section, types.map((type) => parameters[type]!));
    } else section.bytes(wasm.subarray(reader.at, end));
    reader.at = end;
    out.byte(id);
    out.unsigned(section.length);
    out.bytes(section.take());
  }
  return out.take();
}

const TYPE_SECTION = 1;
const FUNCTION_SECTION = 3;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const CODE_SECTION = 10;

/** One shared page, the second memory: i32.atomic.load of its word 0; if; unreachable; end. */
const CHECK = [0x41, 0, 0xfe, 0x10, 0x42, 1, 0, 0x04, 0x40, 0x00, 0x0b];

/** i32.atomic.load of word 1 of the second memory. */
const LOAD_LIMIT = [0x41, 0, 0xfe, 0x10, 0x42, 1, 4];

/**
 * Replaces memory.grow: -1 if the memory would have more pages than the limit; 0 means no limit. The local is one of
 * the function's own.
 */
function limitedGrow(local: readonly number[]): number[] {
  return [
    ...[0x21, ...local], // local.set: the pages that are wanted
    ...[...LOAD_LIMIT, 0x45], // i32.eqz
    ...[0x3f, 0, 0x20, ...local, 0x6a, ...LOAD_LIMIT, 0x4d], // memory.size + local <= limit
    ...[0x72, 0x04, 0x7f], // i32.or; if (result i32)
    ...[0x20, ...local, 0x40, 0], // local.get; memory.grow
    ...[0x05, 0x41, 0x7f, 0x0b], // else; i32.const -1; end
  ];
}

/** The number of parameters of each type. */
function readTypes(reader: Reader): number[] {
  return Array.from({ length: reader.unsigned() }, () => {
    const form = reader.byte();
    if (form !== 0x60) {
      throw new Error(`a type of form 0x${form.toString(16)}: only functions are known`);
    }
    const count = readIndices(reader).length;
    readIndices(reader);
    return count;
  });
}

/** A vector of indices, or of value types, which are also bytes below 128. */
function readIndices(reader: Reader): number[] {
  return Array.from({ length: reader.unsigned() }, () => reader.unsigned());
}

function addMemory(reader: Reader, out: Writer, maxPages: number): void {
  const count = reader.unsigned();
  if (count !== 1) throw new Error(`${count} memories: one was expected`);
  const kind = reader.byte();
  if (kind > 1) throw new Error(`memory of kind ${kind}: one of 32 bits, not shared, was expected`);
  const minPages = reader.unsigned();
  if (minPages > maxPages) throw new Error(`the module needs ${minPages} pages, not ${maxPages}`);
  out.unsigned(2);
  out.byte(0x01); // With a maximum.
  out.unsigned(minPages);
  out.unsigned(maxPages);
  out.bytes([0x03, 1, 1]); // Shared, at least and at most one page.
}

function addExport(reader: Reader, end: number, out: Writer): void {
  out.unsigned(reader.unsigned() + 1);
  out.bytes(reader.rest(end));
  const name = new TextEncoder().encode("stop");
  out.unsigned(name.length);
  out.bytes(name);
  out.bytes([0x02, 1]); // A memory, the second.
}

function addChecks(reader: Reader, out: Writer, parameters: readonly number[]): void {
  const functions = reader.unsigned();
  out.unsigned(functions);
  for (let index = 0; index < functions; index++) {
    const end = reader.unsigned() + reader.at;
    const body = addChecksToBody(reader, end, parameters[index]!);
    out.unsigned(body.length);
    out.bytes(body.take());
  }
}

function addChecksToBody(reader: Reader, end: number, parameters: number): Writer {
  const groups = reader.unsigned();
  const groupsAt = reader.at;
  let locals = parameters;
  for (let left = groups; left > 0; left--) {
    locals += reader.unsigned();
    reader.byte();
  }
  const code = new Writer();
  const declared = reader.between(groupsAt, reader.at);
  let from = reader.at;
  let grows = false;
  while (reader.at < end) {
    const at = reader.at;
    const instruction = skipInstruction(reader);
    if (instruction === "other") continue;
    code.bytes(reader.between(from, instruction === "loop" ? reader.at : at));
    code.bytes(instruction === "loop" ? CHECK : limitedGrow(encoded(locals)));
    grows ||= instruction === "grow";
    from = reader.at;
  }
  code.bytes(reader.between(from, end));
  const body = new Writer();
  body.unsigned(grows ? groups + 1 : groups);
  body.bytes(declared);
  if (grows) body.bytes([1, 0x7f]); // One more local: an i32.
  body.bytes(code.take());
  return body;
}

function encoded(value: number): number[] {
  const writer = new Writer();
  writer.unsigned(value);
  return [...writer.take()];
}

/** Reads one instruction with its operands. */
function skipInstruction(reader: Reader): "loop" | "grow" | "other" {
  const at = reader.at;
  const code = reader.byte();
  if (code === 0x02 || code === 0x03 || code === 0x04) reader.unsigned(); // block, loop, if: a type
  else if (code === 0x0c || code === 0x0d) reader.unsigned(); // br, br_if
  else if (code === 0x0e) { // br_table
    for (let labels = reader.unsigned(); labels >= 0; labels--) reader.unsigned();
  } else if (code === 0x10) reader.unsigned(); // call
  else if (code === 0x11) { // call_indirect
    reader.unsigned();
    reader.unsigned();
  } else if (code === 0x1c) { // select with types
    for (let types = reader.unsigned(); types > 0; types--) reader.byte();
  } else if (code >= 0x20 && code <= 0x26) reader.unsigned(); // locals, globals, tables
  else if (code >= 0x28 && code <= 0x3e) { // loads and stores: alignment, offset
    reader.unsigned();
    reader.unsigned();
  } else if (code === 0x3f || code === 0x40) reader.unsigned(); // memory.size, memory.grow
  else if (code === 0x41 || code === 0x42) reader.unsigned(); // i32.const, i64.const: as long as signed ones
  else if (code === 0x43) reader.at += 4;
  else if (code === 0x44) reader.at += 8;
  else if (code === 0xd0 || code === 0xd2) reader.unsigned(); // ref.null, ref.func
  else if (code === 0xfc) skipPrefixed(reader, at);
  else if (!isPlain(code)) throw unknown(code, at);
  if (code === 0x03) return "loop";
  return code === 0x40 ? "grow" : "other";
}

/** Instructions that consist of a single byte. */
function isPlain(code: number): boolean {
  return code === 0x00 || code === 0x01 || code === 0x05 || code === 0x0b || code === 0x0f ||
    code === 0x1a || code === 0x1b || (code >= 0x45 && code <= 0xc4) || code === 0xd1;
}

function skipPrefixed(reader: Reader, at: number): void {
  const code = reader.unsigned();
  if (code <= 7) return; // saturating truncation
  // memory.init and .copy, table.init and .copy have two indices; data.drop, memory.fill, elem.drop and table.grow,
  // .size and .fill have one.
  if (code > 17) throw unknown(0xfc, at);
  reader.unsigned();
  if (code === 8 || code === 10 || code === 12 || code === 14) reader.unsigned();
}

function unknown(code: number, at: number): Error {
  return new Error(`instruction 0x${code.toString(16)} at ${at} is none of those that are known`);
}

class Reader {
  constructor(readonly source: Uint8Array, public at: number) {}

  byte(): number {
    return this.source[this.at++]!;
  }

  /** LEB128. The value is correct up to 32 bits; the length is correct for all. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  rest(end: number): Uint8Array {
    return this.between(this.at, end);
  }

  between(from: number, to: number): Uint8Array {
    return this.source.subarray(from, to);
  }
}

class Writer {
  #parts: Uint8Array[] = [];
  length = 0;

  bytes(bytes: Uint8Array | readonly number[]): void {
    const part = Uint8Array.from(bytes);
    this.#parts.push(part);
    this.length += part.length;
  }

  byte(value: number): void {
    this.bytes([value]);
  }

  unsigned(value: number): void {
    const bytes: number[] = [];
    do {
      const low = value & 0x7f;
      value >>>= 7;
      bytes.push(value > 0 ? low | 0x80 : low);
    } while (value > 0);
    this.bytes(bytes);
  }

  take(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
