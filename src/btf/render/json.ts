import { type Btf, type BtfType, typesWithIds } from "../model.ts";
import { JsonSink } from "./json-sink.ts";
import { dumpedName, encodingText, KIND_TEXT, linkageText, signText } from "./words.ts";

/**
 * The text of `bpftool -j btf dump file X`, with `pretty` that of `-p`, byte for byte. Names are not checked to be UTF-8, so the result
 * need not be either.
 */
export function renderJson(btf: Btf, options: { readonly pretty: boolean }): Uint8Array {
  const sink = new JsonSink(options);
  sink.openObject();
  sink.openList("types");
  for (const [id, type] of typesWithIds(btf)) {
    sink.openObject();
    sink.number("id", id);
    sink.word("kind", KIND_TEXT[type.kind]);
    sink.string("name", dumpedName(btf, type.nameOff));
    writeFields(sink, btf, type);
    sink.closeObject();
  }
  sink.closeList();
  sink.closeObject();
  return sink.finish();
}

function writeFields(sink: JsonSink, btf: Btf, type: BtfType): void {
  switch (type.kind) {
    case "int":
      sink.number("size", type.size);
      sink.number("bits_offset", type.bitOffset);
      sink.number("nr_bits", type.bits);
      sink.word("encoding", encodingText(type.encoding));
      break;
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
    case "typedef":
    case "typeTag":
      sink.number("type_id", type.type);
      break;
    case "array":
      sink.number("type_id", type.type);
      sink.number("index_type_id", type.indexType);
      sink.number("nr_elems", type.nelems);
      break;
    case "struct":
    case "union":
      sink.number("size", type.size);
      writeList(sink, "members", type.members, (member) => {
        sink.string("name", dumpedName(btf, member.nameOff));
        sink.number("type_id", member.type);
        sink.number("bits_offset", member.bitOffset);
        if (member.bitfieldSize !== 0) sink.number("bitfield_size", member.bitfieldSize);
      });
      break;
    case "enum":
    case "enum64":
      sink.word("encoding", signText(type));
      sink.number("size", type.size);
      writeValues(sink, btf, type);
      break;
    case "fwd":
      sink.word("fwd_kind", type.union ? "union" : "struct");
      break;
    case "func":
      sink.number("type_id", type.type);
      sink.word("linkage", linkageText(type.linkage));
      break;
    case "funcProto":
      sink.number("ret_type_id", type.returnType);
      writeList(sink, "params", type.params, (param) => {
        sink.string("name", dumpedName(btf, param.nameOff));
        sink.number("type_id", param.type);
      });
      break;
    case "var":
      sink.number("type_id", type.type);
      sink.word("linkage", linkageText(type.linkage));
      break;
    case "datasec":
      sink.number("size", type.size);
      writeList(sink, "vars", type.entries, (entry) => {
        sink.number("type_id", entry.type);
        sink.number("offset", entry.offset);
        sink.number("size", entry.size);
      });
      break;
    case "float":
      sink.number("size", type.size);
      break;
    case "declTag":
      sink.number("type_id", type.type);
      sink.number("component_idx", type.component);
      break;
    case "unknown":
      break;
  }
}

function writeValues(sink: JsonSink, btf: Btf, type: Extract<BtfType, { kind: "enum" | "enum64" }>): void {
  writeList<{ readonly nameOff: number; readonly value: number | bigint }>(sink, "values", type.values, (item) => {
    sink.string("name", dumpedName(btf, item.nameOff));
    sink.number("val", typeof item.value === "number" ? widened(item.value) : item.value);
  });
}

/** bpftool takes the 32 bits for signed and prints them as unsigned 64: 4294967295 comes out as 18446744073709551615. */
function widened(value: number): number | bigint {
  return value >= 0x8000_0000 ? BigInt.asUintN(64, BigInt(value | 0)) : value;
}

/** The length of the list as `vlen`, then the list. */
function writeList<T>(sink: JsonSink, name: string, items: readonly T[], write: (item: T) => void): void {
  sink.number("vlen", items.length);
  sink.openList(name);
  for (const item of items) {
    sink.openObject();
    write(item);
    sink.closeObject();
  }
  sink.closeList();
}
