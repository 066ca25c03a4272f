import type { Severity } from "../rules/rule.ts";

/** Wraps text in colour, or hands it back as it is: the only place that knows escape codes. */
export interface Paint {
  severity(severity: Severity, text: string): string;
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
}

const plain: Paint = {
  severity: (_severity, text) => text,
  strong: (text) => text,
  faint: (text) => text,
  good: (text) => text,
};

const SEVERITY_CODE: Readonly<Record<Severity, string>> = { error: "1;31", warning: "1;33", note: "1;36" };

function sgr(code: string, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

const coloured: Paint = {
  severity: (severity, text) => sgr(SEVERITY_CODE[severity], text),
  strong: (text) => sgr("1", text),
  faint: (text) => sgr("2", text),
  good: (text) => sgr("32", text),
};

/** The paint for a stream: ANSI SGR codes (ECMA-48) if `colour`, nothing otherwise. */
export function paint(colour: boolean): Paint {
  return colour ? coloured : plain;
}

/** The same for a stream that is asked when there is first something to paint: to ask a terminal loads much of Node. */
export function paintWhenAsked(colour: () => boolean): Paint {
  let chosen: Paint | undefined;
  const asked = (): Paint => {
    chosen ??= paint(colour());
    return chosen;
  };
  return {
    severity: (severity, text) => asked().severity(severity, text),
    strong: (text) => asked().strong(text),
    faint: (text) => asked().faint(text),
    good: (text) => asked().good(text),
  };
}
