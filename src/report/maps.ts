import type { MapAttributes, MapDefinition, MapType } from "../maps/definition.ts";
import type { Paint } from "./paint.ts";
import { counted } from "./printable.ts";
import { tableText } from "./table.ts";
import { placeText } from "./text.ts";

/** "Flow (16 bytes)"; a definition by size alone has no name. */
function typeCell(type: MapType | null, size: number | null): string {
  if (size === null) return "-";
  return type === null ? counted(size, "byte") : `${type.name} (${counted(size, "byte")})`;
}

function valueCell(map: MapAttributes): string {
  if (map.values === null) return typeCell(map.value, map.valueSize);
  if (map.values.kind === "programs") return "programs";
  const { typeName, key, keySize, value, valueSize, maxEntries } = map.values.map;
  const entries = maxEntries === null ? "" : `, max ${maxEntries}`;
  return `${typeName} of ${typeCell(key, keySize)} to ${typeCell(value, valueSize)}${entries}`;
}

function flagsCell(map: MapAttributes): string {
  const parts: string[] = [];
  if (map.mapFlags !== null) parts.push(`0x${map.mapFlags.toString(16)}`);
  if (map.numaNode !== null) parts.push(`numa ${map.numaNode}`);
  if (map.mapExtra !== null) parts.push(`extra ${map.mapExtra}`);
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** LIBBPF_PIN_BY_NAME is the only way of pinning that a definition can ask for. */
function pinningCell(pinning: number | null): string {
  if (pinning === null || pinning === 0) return "-";
  return pinning === 1 ? "by name" : String(pinning);
}

const COLUMNS = ["name", "type", "key", "value", "max_entries", "flags", "pinning", "source"] as const;

/** The map definitions of an object as a table, one line a map; "-" where a definition says nothing. */
export function mapsText(maps: readonly MapDefinition[], paint: Paint): string {
  if (maps.length === 0) return "no maps\n";
  const rows = maps.map((map) => [
    map.name,
    map.typeName,
    typeCell(map.key, map.keySize),
    valueCell(map),
    map.maxEntries === null ? "-" : String(map.maxEntries),
    flagsCell(map),
    pinningCell(map.pinning),
    map.place === null ? "-" : placeText(map.place),
  ]);
  return tableText(COLUMNS, rows, paint);
}
