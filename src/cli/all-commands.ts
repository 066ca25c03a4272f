import type { Commands } from "./run.ts";

/** Every command, each loaded when it is called. */
export const allCommands: Commands = {
  fix: async () => (await import("./commands/fix.ts")).fixCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  dump: async () => (await import("./commands/dump.ts")).dumpCommand,
  maps: async () => (await import("./commands/maps.ts")).mapsCommand,
  emit: async () => (await import("./commands/emit.ts")).emitCommand,
  diff: async () => (await import("./commands/diff.ts")).diffCommand,
  watch: async () => (await import("./commands/watch.ts")).watchCommand,
  explain: async () => (await import("./commands/explain.ts")).explainCommand,
};
