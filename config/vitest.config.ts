import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    // Judges are real programs on the one running kernel; generous, since a timed test is never the aim.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: "forks",
  },
});
