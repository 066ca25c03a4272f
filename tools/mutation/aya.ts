import { basename } from "node:path";
import { runAyaOnAll } from "../../test/judges/aya.ts";
import { type AyaRunName, loadWithAya } from "../../test/judges/aya-run.ts";
import { AYA_VERSIONS, type AyaAnswer, ayaComparisons } from "../../test/mutation/aya.ts";
import { LACKING } from "../../test/rules/aya/campaign.ts";
import { ayaCases } from "../../test/rules/aya/cases.ts";
import { ayaCorners } from "../../test/rules/aya/corner-cases.ts";
import { object } from "../../test/rules/aya/draft.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import { brokenObject, seedObjects } from "../../test/rules/program-info/objects.ts";
import { judgeFolder } from "../judges/cache.ts";
import { type Question, record, summary } from "./answers.ts";
import { drawnObjects, LARGEST } from "./objects.ts";

/** Drawn objects beside the vectors of the rules. */
const DRAWN = 900;

/** Objects of the corpus with records of programs that have been changed. */
const BROKEN_RECORDS = 100;

function withBrokenRecords(count: number): readonly Question[] {
  const random = new Random(count);
  const seeds = seedObjects().filter(({ name, bytes }) => !name.startsWith("c/") && bytes.length <= LARGEST);
  return Array.from({ length: count }, () => ({ group: "records", input: brokenObject(random.pick(seeds), random) }));
}

const inBase64 = (bytes: Uint8Array | undefined): { readonly sent?: string } =>
  bytes === undefined ? {} : { sent: Buffer.from(bytes).toString("base64") };

function loadedBy(loader: AyaRunName, bytes: Uint8Array): Pick<AyaAnswer, "error" | "maps" | "programs"> {
  const run = loadWithAya(loader, bytes);
  if (run.outcome !== "answer") return {};
  const { error, maps, programs } = run.value;
  return error === undefined ? { error: "", maps, programs } : { error };
}

/** Asks both versions of aya-obj about the vectors of all rules and as many drawn objects, and aya itself about the vectors. */
export async function recordAya(): Promise<void> {
  const vectors = [
    { group: "kept", input: object() },
    ...ayaCases.map(({ rule, bytes }): Question => ({ group: rule, input: bytes() })),
    ...ayaCorners.map(({ bytes }): Question => ({ group: "corner", input: bytes() })),
    ...withBrokenRecords(BROKEN_RECORDS),
  ];
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  for (const known of AYA_VERSIONS) {
    const { version, name, loader } = known;
    const own = new Set(vectors.map(({ input }) => Buffer.from(input).toString("latin1")));
    const ask = (objects: readonly Uint8Array[]): readonly AyaAnswer[] => {
      const reports = runAyaOnAll(name, objects);
      const older = LACKING.map((lacking) => runAyaOnAll(name, objects, { lacking }));
      return objects.map((bytes, index): AyaAnswer => {
        const { btf, ...report } = reports[index] ?? { btf: undefined, parse: undefined };
        if (report.parse === undefined) return {};
        const sent = inBase64(btf);
        const lacking = older.map((answers) => {
          const { fixUp = null, btf: other } = answers[index] ?? {};
          const given = inBase64(other);
          return given.sent === sent.sent ? null : { fixUp, ...given };
        });
        if (!own.has(Buffer.from(bytes).toString("latin1"))) return { report, ...sent, lacking };
        return { report, ...sent, lacking, ...loadedBy(loader, bytes) };
      });
    };
    const judge = ["3", judgeFolder(name), judgeFolder(loader)].map((part) => basename(part)).join(" ");
    const answers = await record(`aya-${version}`, judge, [...vectors, ...drawn], ask, ayaComparisons(known));
    console.log(summary(`aya-${version}`, answers));
  }
}
