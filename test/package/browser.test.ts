import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { bundleLibrary, ROOT } from "../../tools/bundle.ts";
import { findProgram } from "../../tools/judges/toolchain.ts";

const OBJECT = join(ROOT, "corpus/aya/fork.bpfel.release.o");

/** The page repairs the object and sends back the result, or what went wrong. */
const PAGE = `<!doctype html><meta charset="utf-8"><body><script type="module">
try {
  const { fixObject } = await import("/index.js");
  const object = new Uint8Array(await (await fetch("/object")).arrayBuffer());
  const { bytes } = await fixObject(object);
  await fetch("/result", { method: "POST", body: bytes });
} catch (error) {
  await fetch("/error", { method: "POST", body: String(error?.stack ?? error) });
}
</script>`;

const CHROMIUM = findProgram("chromium");

let folder = "";
let address = "";
let server: Server | undefined;
let answered: Promise<{ readonly path: string; readonly body: Buffer }> | undefined;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = mkdtempSync(join(tmpdir(), "btf-fix-browser-"));
  await bundleLibrary(join(folder, "site"));
  const files: Readonly<Record<string, readonly [string, string | Buffer]>> = {
    "/": ["text/html", PAGE],
    "/index.js": ["text/javascript", readFileSync(join(folder, "site/index.js"))],
    "/object": ["application/octet-stream", readFileSync(OBJECT)],
  };
  const web = createServer();
  answered = new Promise((resolve) => {
    web.on("request", async (request, response) => {
      const path = request.url ?? "/";
      if (request.method !== "POST") {
        const [type, body] = files[path] ?? ["text/plain", ""];
        response.writeHead(files[path] === undefined ? 404 : 200, { "content-type": type }).end(body);
        return;
      }
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end("ok");
      resolve({ path, body: Buffer.concat(parts) });
    });
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  server = web;
});

afterAll(() => {
  server?.close();
  server?.closeAllConnections();
  // Of the browser's processes the last may still be writing to its profile.
  if (folder !== "") rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** Not one of the judges, which BTF_FIX_JUDGES can require: a browser is large, and a machine without one is no worse for our users. */
const skipped = CHROMIUM === undefined ? " [skipped: chromium is not installed]" : "";

test.skipIf(CHROMIUM === undefined)(`a browser repairs an object to the same bytes as Node${skipped}`, async () => {
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`, ...quiet];
  // A group of its own, so that all its processes can be ended.
  const browser = spawn(CHROMIUM ?? "", [...flags, address], { stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => browser.once("close", resolve));
  try {
    const reply = await answered;
    expect({ path: reply?.path, text: reply?.path === "/error" ? reply.body.toString() : "" }).toEqual({
      path: "/result",
      text: "",
    });
    const { bytes } = await fixObject(readFileSync(OBJECT));
    expect(reply?.body.equals(bytes)).toBe(true);
  } finally {
    if (browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL");
    await ended;
  }
});
