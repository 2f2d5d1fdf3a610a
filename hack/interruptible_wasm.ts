/**
 * Makes a WebAssembly module whose work another thread can end. It gets a second memory, shared and exported as "stop";
 * every loop looks at its first word at each turn and traps where that is not 0. An engine that is linear but slow
 * would otherwise run to its end: no thread of this platform can be ended from outside while it computes. Its own memory
 * gets a maximum, beyond which it cannot grow.
 *
 * Reads the binary format of the WebAssembly core specification (section 5), version 1: the instructions that stable
 * compilers emit, without SIMD and exceptions. Throws where it finds another.
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
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    const section = new Writer();
    if (id === MEMORY_SECTION) addMemory(reader, section, options.maxMemoryPages);
    else if (id === EXPORT_SECTION) addExport(reader, end, section);
    else if (id === CODE_SECTION) addChecks(reader, section);
    else section.bytes(wasm.subarray(reader.at, end));
    reader.at = end;
    out.byte(id);
    out.unsigned(section.length);
    out.bytes(section.take());
  }
  return out.take();
}

const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const CODE_SECTION = 10;

/** One shared page, the second memory: i32.atomic.load of its word 0; if; unreachable; end. */
const CHECK = [0x41, 0, 0xfe, 0x10, 0x42, 1, 0, 0x04, 0x40, 0x00, 0x0b];

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

function addChecks(reader: Reader, out: Writer): void {
  const functions = reader.unsigned();
  out.unsigned(functions);
  for (let index = 0; index < functions; index++) {
    const end = reader.unsigned() + reader.at;
    const body = new Writer();
    let from = reader.at;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      reader.unsigned();
      reader.byte();
    }
    while (reader.at < end) {
      const isLoop = skipInstruction(reader);
      if (!isLoop) continue;
      body.bytes(reader.between(from, reader.at));
      body.bytes(CHECK);
      from = reader.at;
    }
    body.bytes(reader.between(from, end));
    out.unsigned(body.length);
    out.bytes(body.take());
  }
}

/** Reads one instruction with what belongs to it. Is it the beginning of a loop? */
function skipInstruction(reader: Reader): boolean {
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
  return code === 0x03;
}

/** Instructions of one byte and nothing else. */
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

  /** LEB128. The value is right up to 32 bits; the length is for all. */
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
