import { parseBtfExt } from "../../btf/ext.ts";
import { parseBtf } from "../../btf/parse.ts";
import { type ElfView, SHF_EXECINSTR, STB_GLOBAL, STT_FUNC } from "../../elf/model.ts";
import { parseElf } from "../../elf/parse.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import { BtfFixError } from "../../errors.ts";
import { errorText } from "../../report/error.ts";
import { paint } from "../../report/paint.ts";
import { functionSites, SUBPROGRAMS } from "../../rules/func/sites.ts";
import { parseCommandLine } from "../arguments.ts";
import { fixCommand } from "../commands/fix.ts";
import type { Engine } from "../engine.ts";
import { EXIT_OF_ERROR, type ExitCode } from "../exit-code.ts";
import type { Host } from "../host.ts";
import { openSession } from "../session.ts";

/** Sections of the crate's own programs: functions that the linker was told to export. */
function programSections(elf: ElfView): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { binding, type, section } of elf.symbols) {
    const place = elf.sections[section];
    if (binding !== STB_GLOBAL || type !== STT_FUNC || place === undefined) continue;
    if ((place.flags & SHF_EXECINSTR) !== 0 && place.name !== SUBPROGRAMS) names.add(place.name);
  }
  return names;
}

/** Whether no program of the object has debug info, whatever the libraries in it have. */
function lacksOwnDebugInfo(bytes: Uint8Array): boolean {
  const elf = parseElf(bytes);
  const programs = programSections(elf);
  if (programs.size === 0) return false;
  const btf = sectionNamed(elf, ".BTF");
  const ext = sectionNamed(elf, ".BTF.ext");
  if (btf === undefined) return sectionNamed(elf, ".debug_info") === undefined;
  if (ext === undefined) return true;
  const sites = functionSites({ elf, btf: parseBtf(btf.bytes), ext: parseBtfExt(ext.bytes) });
  return !sites.some(({ section }) => programs.has(section));
}

/** What came of the repair: as `btf-fix --in-place` exits, or "bare" if there is nothing to make BTF from. */
export type RepairedOutput = ExitCode | "bare";

/**
 * Repairs the file where it is, with `words` as further options of the command line, and says on standard error what remains: errors and
 * warnings. Where the repair is refused the file stays as the linker wrote it.
 */
export async function repairOutput(
  path: string,
  words: readonly string[],
  host: Host,
  engine: Engine,
): Promise<RepairedOutput> {
  // All that is said is about the link; its standard output is the linker's.
  const aside: Host = { ...host, stdout: (data) => host.stderr(typeof data === "string" ? data : "") };
  try {
    const invocation = parseCommandLine([...words, "--in-place", "--", path]);
    if (lacksOwnDebugInfo(host.readInput(path).bytes)) return "bare";
    const loudness = invocation.loudness === "normal" ? "quiet" : invocation.loudness;
    return await fixCommand(openSession({ ...invocation, loudness, strict: true }, aside, engine));
  } catch (thrown) {
    if (!(thrown instanceof BtfFixError)) throw thrown;
    host.stderr(errorText(thrown.code === "USAGE" ? "BTF_FIX_OPTIONS" : path, thrown, paint(false)));
    return EXIT_OF_ERROR[thrown.code];
  }
}
