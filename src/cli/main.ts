#!/usr/bin/env node
import { library } from "./library.ts";
import { nodeHost } from "./node-host.ts";
import { run } from "./run.ts";

run(process.argv.slice(2), nodeHost, library).then((code) => {
  process.exitCode = code;
});
