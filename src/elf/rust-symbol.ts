/** What a mangled symbol says of a Rust function. */
export interface RustSymbol {
  /** The crate whose code it is. */
  readonly crate: string;
  /** The path, generic arguments left out: `core::panicking::panic_fmt`, `<dep::Table>::get`. */
  readonly path: string;
}

/** Nesting of a v0 symbol, and productions that are read: back references can make a short symbol long without end. */
const MAX_DEPTH = 64;
const MAX_STEPS = 4096;

/** `$…$` of the legacy scheme (rustc_symbol_mangling legacy.rs). */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

function legacySegment(text: string): string {
  const plain = text.startsWith("_$") ? text.slice(1) : text;
  return plain.replace(/\$(u[0-9a-f]{1,6}|[A-Z]{1,2})\$|\.\.|\./g, (match, code: string | undefined) => {
    if (match === "..") return "::";
    if (match === ".") return "-";
    if (code === undefined) return match;
    const point = code.startsWith("u") ? Number.parseInt(code.slice(1), 16) : Number.NaN;
    return ESCAPES[code] ?? (point <= 0x10_ffff ? String.fromCodePoint(point) : match);
  });
}

/** `_ZN`, segments with their lengths, the last of them a hash, `E`. */
function legacySymbol(name: string): RustSymbol | undefined {
  const segments: string[] = [];
  let at = 3;
  while (name[at] !== "E") {
    const digits = /^[1-9][0-9]{0,3}/.exec(name.slice(at, at + 4))?.[0];
    if (digits === undefined) return undefined;
    const start = at + digits.length;
    at = start + Number(digits);
    if (at >= name.length) return undefined;
    segments.push(name.slice(start, at));
  }
  if (!/^h[0-9a-f]{16}$/.test(segments.pop() ?? "")) return undefined;
  const path = segments.map(legacySegment).join("::");
  const crate = /[A-Za-z_][A-Za-z0-9_]*(?=::|$)/.exec(path)?.[0];
  return crate === undefined ? undefined : { crate, path };
}

/** Types of one letter; what they are called does not matter to a path, but that they end does. */
const BASIC = /[a-z]/;

/** A cursor on a v0 symbol (RFC 2603); each method reads one production and gives its text. */
class V0Reader {
  private readonly text: string;
  private at = 0;
  private depth = 0;
  private steps = 0;
  crate: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }

  private take(letter: string): boolean {
    if (this.peek() !== letter) return false;
    this.at++;
    return true;
  }

  private letter(): string {
    const letter = this.peek();
    if (letter === "") throw new RangeError("cut off");
    this.at++;
    return letter;
  }

  /** Digits in base 62 up to `_`. */
  private base62(): number {
    const end = this.text.indexOf("_", this.at);
    const digits = end < 0 ? "?" : this.text.slice(this.at, end);
    if (!/^[0-9a-zA-Z]{0,12}$/.test(digits)) throw new RangeError("no number");
    this.at = end + 1;
    let value = 0;
    for (const digit of digits) {
      value = value * 62 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(digit);
    }
    return digits === "" ? 0 : value + 1;
  }

  private identifier(): string {
    if (this.take("s")) this.base62();
    const isPunycode = this.take("u");
    const digits = /^(?:0|[1-9][0-9]{0,4})/.exec(this.text.slice(this.at, this.at + 5))?.[0];
    if (digits === undefined) throw new RangeError("no identifier");
    this.at += digits.length;
    this.take("_");
    const end = this.at + Number(digits);
    if (end > this.text.length) throw new RangeError("cut off");
    const name = this.text.slice(this.at, end);
    this.at = end;
    return isPunycode ? `punycode{${name}}` : name;
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH || ++this.steps > MAX_STEPS) throw new RangeError("too deep");
    const value = read();
    this.depth--;
    return value;
  }

  /** What stands at an earlier place. */
  private backwards(read: () => string): string {
    const here = this.at - 1;
    const target = this.base62();
    if (target >= here) throw new RangeError("no way back");
    const after = this.at;
    this.at = target;
    const text = this.nested(read);
    this.at = after;
    return text;
  }

  path(): string {
    return this.nested(() => {
      switch (this.letter()) {
        case "C": {
          const name = this.identifier();
          this.crate ??= name;
          return name;
        }
        case "M":
          this.implPath();
          return `<${this.type()}>`;
        case "X":
          this.implPath();
          return `<${this.type()} as ${this.path()}>`;
        case "Y":
          return `<${this.type()} as ${this.path()}>`;
        case "N": {
          const namespace = this.letter();
          const parent = this.path();
          const name = this.identifier();
          const special = namespace === "C" ? "{closure}" : namespace === "S" ? "{shim}" : `{${namespace}}`;
          return /[A-Z]/.test(namespace) ? `${parent}::${special}` : name === "" ? parent : `${parent}::${name}`;
        }
        case "I": {
          const generic = this.path();
          while (!this.take("E")) this.genericArgument();
          return generic;
        }
        case "B":
          return this.backwards(() => this.path());
        default:
          throw new RangeError("no path");
      }
    });
  }

  private implPath(): void {
    if (this.take("s")) this.base62();
    this.path();
  }

  private genericArgument(): void {
    if (this.take("L")) this.base62();
    else if (this.take("K")) this.constant();
    else this.type();
  }

  private constant(): string {
    return this.nested(() => {
      if (this.take("B")) return this.backwards(() => this.constant());
      if (this.take("p")) return "_";
      this.type();
      const end = this.text.indexOf("_", this.at);
      if (end < 0) throw new RangeError("no constant");
      this.at = end + 1;
      return "_";
    });
  }

  type(): string {
    return this.nested(() => {
      const letter = this.peek();
      if (BASIC.test(letter)) {
        this.at++;
        return "_";
      }
      switch (letter) {
        case "A":
        case "S": {
          this.at++;
          const element = this.type();
          if (letter === "A") this.constant();
          return `[${element}]`;
        }
        case "T": {
          this.at++;
          let count = 0;
          for (; !this.take("E"); count++) this.type();
          return count === 0 ? "()" : "(…)";
        }
        case "R":
        case "Q":
          this.at++;
          if (this.take("L")) this.base62();
          return `&${this.type()}`;
        case "P":
        case "O":
          this.at++;
          return `*${this.type()}`;
        case "B":
          this.at++;
          return this.backwards(() => this.type());
        case "F":
        case "D":
          // Function pointers and trait objects hold binders and bounds, which no path needs.
          throw new RangeError("not read");
        default:
          return this.path();
      }
    });
  }
}

function v0Symbol(name: string): RustSymbol | undefined {
  const reader = new V0Reader(name.slice(2));
  try {
    const path = reader.path();
    return reader.crate === undefined ? undefined : { crate: reader.crate, path };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Crate and path of a mangled Rust function, by the legacy or the v0 scheme; undefined for every other symbol. */
export function rustSymbol(name: string): RustSymbol | undefined {
  // LLVM appends suffixes: `.llvm.123`, `.specialized.1`.
  if (name.startsWith("_ZN")) return legacySymbol(name);
  if (/^_R[A-Z]/.test(name)) return v0Symbol(name);
  return undefined;
}
