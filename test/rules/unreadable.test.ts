import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { library } from "../../src/cli/library.ts";
import { nodeHost } from "../../src/cli/node-host.ts";
import { runIn } from "../cli/double.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { buildObject, EXIT } from "../object.ts";

/** A struct of a kind that nobody knows (KT-02). */
const broken = ((): Uint8Array => {
  const graph = new Graph();
  graph.struct("s", 4, []);
  const blob = encodeBtf(graph.finish());
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  view.setUint32(view.getUint32(4, true) + 4, 31 << 24, true);
  return blob;
})();

const object = buildObject({
  sections: [{ name: "xdp", insns: [EXIT] }],
  symbols: [{ name: "p", section: "xdp" }],
  btf: broken,
});

const folder = mkdtempSync(join(tmpdir(), "btf-fix-unreadable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("of a blob that cannot be read the kernel's answer is told all the same", async () => {
  const { unreadable, verdicts, diagnostics } = await checkObject(broken);
  expect(unreadable).toMatchObject({ code: "BTF_MALFORMED" });
  expect(verdicts.kernel).toMatchObject({ accepted: false, version: "5.10+", asSent: { accepted: false } });
  // 5.10 has four bits for the kind, and finds fault with a fifth.
  expect(diagnostics).toMatchObject([
    { rule: "kernel/kt-02", severity: "error" },
    { rule: "kernel/kt-03", severity: "note" },
  ]);
});

judgeTest(kernel())("it is the kernel's own", async () => {
  const [said] = answer(kernelBtfLoad([broken]));
  const { errno, message } = (await checkObject(broken)).verdicts.kernel;
  expect(said?.errno).toBe(errno);
  expect(said?.log.trimEnd().endsWith(message ?? "?")).toBe(true);
});

test("an object of such BTF has the kernel's verdict on the bytes, and the report stays one of a file that cannot be used", async () => {
  const path = join(folder, "object.o");
  writeFileSync(path, object);
  const ran = await runIn(["check", "--json", path], {}, library, { readInput: nodeHost.readInput });
  expect(ran.exit).toBe(3);
  expect(ran.stderr).toContain("error[BTF_MALFORMED]");
  const [file] = (JSON.parse(ran.stdout) as { files: Record<string, unknown>[] }).files;
  expect(file).toMatchObject({
    error: { code: "BTF_MALFORMED" },
    verdicts: { kernel: { accepted: false, errno: 22 }, "kernel@6.18": { rule: "KT-02" } },
  });
});

test("where there is no ELF file there is nobody to ask", async () => {
  await expect(checkObject(new Uint8Array(100))).rejects.toMatchObject({ code: "ELF_NOT_ELF" });
});
