/**
 * Takes the words of a response file apart as rustc writes it for a linker that is no MSVC one (rustc_codegen_ssa `exec_linker`): one
 * argument a line, with a backslash before each space and backslash. A space without one separates too, for files written by hand;
 * quotes are plain characters, since rustc leaves them as they are.
 */
export function responseWords(text: string): readonly string[] {
  return [...text.matchAll(/(?:\\[\s\S]|[^\\ \r\n])+/g)].map(([word]) => word.replace(/\\([\s\S])/g, "$1"));
}
