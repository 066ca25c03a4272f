import type { ObjectVerdict } from "./api.ts";
import type { Refusal } from "./refusal.ts";
import { mapCreateRules } from "./rules/kernel/map-create/index.ts";
import { errnoText } from "./rules/libbpf/errno.ts";
import type { MapVerdict } from "./rules/loader.ts";
import type { Loader } from "./rules/loaders.ts";
import type { Severity } from "./rules/rule.ts";

const KERNEL_RULES: ReadonlySet<string> = new Set(mapCreateRules.map(({ id }) => id));

/** Whether a rule is one of the kernel's about the creation of maps. */
export function isMapRule(rule: string): boolean {
  return KERNEL_RULES.has(rule);
}

/** What a map of local storage lacks when the kernel refused the BTF, which is told of already. */
const WITHOUT_IDS = "KC-19";

/** What user space of any loader may set before it loads: the number of entries, and the model of what a map of maps holds. */
const SETTABLE: ReadonlySet<string> = new Set(["KC-13", "KC-22"]);

/** What a loader prints of a map's refusal; null where it says nothing that could be told from here. */
function wordsOf(
  { judge, version }: Loader,
  { name, created, errno }: MapVerdict,
  verdict: ObjectVerdict,
): string | null {
  if (verdict.map === name && !created) return verdict.message;
  if (judge !== "libbpf" || !created) return null;
  const text = errnoText(errno, version === "1.1" ? "1.1" : "1.7");
  return `Error in bpf_create_map_xattr(${name}):${version === "1.1" ? "" : " "}${text}. Retrying without BTF.`;
}

/**
 * What the kernel holds against an object's maps, as refusals of the loader that asks for them: each by the kernel's own rule, so that all
 * loaders' are one finding. `severity`: of a refusal by this loader. A map that is created without its types is worth a warning at most, and one
 * that C programs leave to user space, which has calls of libbpf for all of its attributes.
 */
export function mapRefusals(
  loader: Loader,
  verdict: ObjectVerdict,
  severity: Severity,
  { isBtfRefused, isRust }: { readonly isBtfRefused: boolean; readonly isRust: boolean },
): readonly Refusal[] {
  const { judge, version, stages } = loader;
  return (verdict.maps ?? []).flatMap((map): readonly Refusal[] => {
    const { name, created, errno, rule = "" } = map;
    if (errno === 0 || !KERNEL_RULES.has(rule) || (isBtfRefused && rule === WITHOUT_IDS)) return [];
    // Others give types to maps of every kind, and are content without.
    if (created && judge !== "libbpf") return [];
    const isMild = created || !isRust || SETTABLE.has(rule);
    const said = { message: wordsOf(loader, map, verdict), errno, typeId: null, stage: stages.load };
    return [
      {
        judge,
        version,
        verdict: { version, accepted: false, rule, map: name, ...said },
        severity: severity === "error" && isMild ? "warning" : severity,
        at: "load",
        ...(created ? { answer: "drops the map's types" } : {}),
      },
    ];
  });
}

/** Whether a loader's refusal is one of a map that `mapRefusals` tells of by the kernel's rule. */
export function isOfMap({ map, maps = [] }: ObjectVerdict): boolean {
  return maps.some(({ name, created, rule = "" }) => name === map && !created && KERNEL_RULES.has(rule));
}
