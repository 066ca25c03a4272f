import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";
import {
  ABI_VERSION,
  COLUMN,
  FUNCTIONS,
  type GimliExports,
  MEMORY,
  RECORD,
  RECORD_WORDS,
  SECTION_NAMES,
  STATUS,
} from "./abi.ts";

/** gimli, compiled and ready to be instantiated; an instance reads one object at a time. */
export interface DwarfModule {
  readonly compiled: WebAssembly.Module;
}

/** Compiles the module's bytes at once; takes a few milliseconds, so only when DWARF is needed. */
export function loadDwarfModule(wasm: BufferSource | WebAssembly.Module): DwarfModule {
  return { compiled: wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm) };
}

/** The same without blocking, as browsers prefer it. */
export async function loadDwarfModuleAsync(wasm: BufferSource | WebAssembly.Module): Promise<DwarfModule> {
  return { compiled: wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm) };
}

/** Bytes of working memory beside the sections: abbreviation tables and line program headers. */
const WORKING_MEMORY = 64 << 20;

/** Memory, in bytes, with which an instance is kept for another object. */
const KEPT_MEMORY = 4 << 20;

/**
 * The instance that was released last. To make one takes as long as to read a small object, and V8 collects garbage for the sake of their
 * memories: together a seventh of the processor's time in a check of a thousand objects.
 */
const idle = new WeakMap<WebAssembly.Module, GimliExports>();

/** One instance of gimli with the sections of one object in it. */
export class Gimli {
  private readonly compiled: WebAssembly.Module;
  private readonly exports: GimliExports;
  private isReleased = false;
  private readonly recordAddress: number;
  /** The trap that ended this instance: its stack is not in order any more, so nothing runs in it again. */
  private trap: BtfFixError | undefined;
  private buffer: ArrayBufferLike;
  private words: Uint32Array;
  private halves: Uint16Array;
  private bytes: Uint8Array;

  /** Errors: LIMIT_EXCEEDED if the sections do not fit into a 32-bit memory. */
  constructor(
    module: DwarfModule,
    littleEndian: boolean,
    sections: readonly (readonly [id: number, bytes: Uint8Array])[],
  ) {
    this.compiled = module.compiled;
    this.exports = idle.get(module.compiled) ?? exportsOf(new WebAssembly.Instance(module.compiled));
    idle.delete(module.compiled);
    let total = WORKING_MEMORY;
    for (const [, bytes] of sections) total += bytes.length + 8;
    if (total > 0xf000_0000)
      throw new BtfFixError("LIMIT_EXCEEDED", `the debug sections take ${total} bytes, too many`);
    this.exports.begin(total, littleEndian ? 0 : 1);
    this.recordAddress = this.exports.record() >>> 2;
    this.buffer = this.exports.memory.buffer;
    this.words = new Uint32Array(this.buffer);
    this.halves = new Uint16Array(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
    for (const [id, bytes] of sections) this.place(id, bytes);
  }

  /** Says how long a section is that stays outside. */
  announce(id: number, length: number): void {
    this.exports.set_section(id, 0, Math.min(length, 0xffff_ffff));
  }

  /** Where `place` put each section, by number. */
  private readonly starts: number[] = [];

  /** A copy of bytes of a section that lies in memory. */
  copy(id: number, offset: number, length: number): Uint8Array {
    this.demandOwned();
    this.refresh();
    const start = (this.starts[id] ?? 0) + offset;
    return this.bytes.slice(start, start + length);
  }

  /** Leaves the instance to the next object, unless it trapped or has grown large. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    const { byteLength } = this.exports.memory.buffer;
    if (this.trap === undefined && byteLength <= KEPT_MEMORY) idle.set(this.compiled, this.exports);
  }

  private demandOwned(): void {
    if (this.isReleased) throw new RangeError("the DWARF of this object has been released");
  }

  openUnit(offset: number): void {
    this.call(() => this.exports.open_unit(offset), offset, 0);
  }

  /** Rows of the next batch of the open unit; 0 at its end. */
  indexRows(offset: number): number {
    return this.call(() => this.exports.index_rows(), offset, 0);
  }

  readRows(offset: number, count: number): number {
    return this.call(() => this.exports.read_rows(offset, count), offset, 0);
  }

  openLines(offset: number, addressSize: number): void {
    this.call(() => this.exports.open_lines(offset, addressSize), offset, 4);
  }

  readNames(files: boolean, first: number, offset: number): number {
    return this.call(() => this.exports.read_names(files ? 1 : 0, first), offset, 4);
  }

  readLines(offset: number): number {
    return this.call(() => this.exports.read_lines(), offset, 4);
  }

  /** A word of the record. */
  word(position: number): number {
    return this.words[this.recordAddress + position] ?? 0;
  }

  /** A view of a 32-bit column; valid until the next call. */
  column32(column: number, length: number): Uint32Array {
    const start = this.exports.column(column) >>> 2;
    return this.words.subarray(start, start + length);
  }

  /** A view of a 16-bit column; valid until the next call. */
  column16(column: number, length: number): Uint16Array {
    const start = this.exports.column(column) >>> 1;
    return this.halves.subarray(start, start + length);
  }

  private place(id: number, bytes: Uint8Array): void {
    const start = this.exports.allocate(bytes.length) >>> 0;
    if (start === 0)
      throw new BtfFixError("LIMIT_EXCEEDED", `no memory for the ${bytes.length} bytes of ${SECTION_NAMES[id]}`);
    this.refresh();
    this.bytes.set(bytes, start);
    this.starts[id] = start;
    this.exports.set_section(id, start, bytes.length);
  }

  /** Runs a call and gives `rows`; a failure or a trap becomes one error. `offset` and `section` place a trap. */
  private call(run: () => number, offset: number, section: number): number {
    this.demandOwned();
    if (this.trap !== undefined) throw this.trap;
    let succeeded: number;
    try {
      succeeded = run();
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      const code = this.exports.exhausted() === 0 ? "DWARF_MALFORMED" : "LIMIT_EXCEEDED";
      const what = code === "DWARF_MALFORMED" ? "cannot be read" : "needs more memory than is allowed";
      this.trap = fault(code, what, section, offset, cause);
      throw this.trap;
    }
    this.refresh();
    if (succeeded === 0) this.raise();
    return this.word(RECORD.rows);
  }

  private raise(): never {
    const start = this.word(RECORD.text);
    const text = new TextDecoder().decode(this.bytes.slice(start, start + this.word(RECORD.textLength)));
    const status = this.word(RECORD.status);
    const code =
      status === STATUS.unsupported
        ? "DWARF_UNSUPPORTED"
        : status === STATUS.limit
          ? "LIMIT_EXCEEDED"
          : "DWARF_MALFORMED";
    throw fault(code, text, this.word(RECORD.faultSection), this.word(RECORD.faultOffset));
  }

  /** Memory that grew has a new buffer; the views follow. */
  private refresh(): void {
    if (this.buffer === this.exports.memory.buffer) return;
    this.buffer = this.exports.memory.buffer;
    this.words = new Uint32Array(this.buffer);
    this.halves = new Uint16Array(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
  }
}

/** An error about `offset` of a debug section, given by its number. */
export function fault(
  code: BtfFixErrorCode,
  text: string,
  section: number,
  offset: number,
  cause?: unknown,
): BtfFixError {
  const name = SECTION_NAMES[section];
  return new BtfFixError(code, `${name} at offset ${offset}: ${text}`, { section: name, offset, length: 0 }, cause);
}

/** The instance's exports, checked against the interface: the module may come from the caller. */
function exportsOf(instance: WebAssembly.Instance): GimliExports {
  const exports = instance.exports;
  for (const name of Object.keys(FUNCTIONS)) {
    if (typeof exports[name] !== "function") throw new TypeError(`the gimli module does not export ${name}`);
  }
  if (!(exports[MEMORY.name] instanceof WebAssembly.Memory)) throw new TypeError("the gimli module exports no memory");
  const gimli = exports as unknown as GimliExports;
  const version = gimli.abi_version();
  if (version !== ABI_VERSION) throw new TypeError(`the gimli module has interface ${version}, not ${ABI_VERSION}`);
  // Both sides must agree on where the record ends, or every word is the wrong one.
  if (gimli.record() % 4 !== 0 || gimli.column(COLUMN.wide) % 4 !== 0 || RECORD_WORDS !== RECORD.attributes + 1) {
    throw new TypeError("the gimli module lays its memory out in another way");
  }
  return gimli;
}
