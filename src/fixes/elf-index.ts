import { mergeBlobs } from "./concatenated.ts";
import { pointRelocations } from "./dangling-info.ts";
import { joinMaps } from "./duplicate-maps.ts";
import type { ElfFix } from "./elf-fix.ts";
import { writeFlags } from "./flags.ts";
import { convertLegacyMaps } from "./legacy-maps.ts";
import { addLicense } from "./license.ts";
import { clearDefinitions } from "./maps-relocations.ts";
import { nameMaps, publishMaps } from "./private-map.ts";

/** Every repair of the ELF file, in the order in which they build on each other; all of them come before the repairs of BTF. */
export const allElfFixes: readonly ElfFix[] = [
  pointRelocations,
  mergeBlobs,
  joinMaps,
  convertLegacyMaps,
  publishMaps,
  nameMaps,
  clearDefinitions,
  addLicense,
  writeFlags,
];
