import { type Btf, type BtfSecInfo, type BtfType, typeById, typesWithIds } from "../model.ts";
import { ByteSink } from "./sink.ts";
import { dumpedName, encodingText, KIND_TEXT, linkageText, signText } from "./words.ts";

/**
 * The text of `bpftool btf dump file X`, byte for byte: a line for each own type, lines that start with a tab for its list.
 *
 * Bytes and not a string, because names that are not UTF-8 go out as they are. kind_flag of tags is not shown.
 */
export function renderRaw(btf: Btf): Uint8Array {
  const sink = new ByteSink();
  for (const [id, type] of typesWithIds(btf)) {
    writeType(sink, btf, id, type);
    sink.ascii("\n");
  }
  return sink.finish();
}

/** What `renderRaw` says of one type, without the line's end; bytes that are not UTF-8 become U+FFFD. */
export function renderRawType(btf: Btf, id: number, type: BtfType): string {
  const sink = new ByteSink();
  writeType(sink, btf, id, type);
  return new TextDecoder().decode(sink.finish());
}

function writeType(sink: ByteSink, btf: Btf, id: number, type: BtfType): void {
  sink.ascii(`[${id}] ${KIND_TEXT[type.kind]} `);
  quote(sink, btf, type.nameOff);
  writeFields(sink, btf, type);
}

function quote(sink: ByteSink, btf: Btf, nameOff: number): void {
  sink.ascii("'").bytes(dumpedName(btf, nameOff)).ascii("'");
}

/** Starts the line of a member, value or parameter. */
function writeItem(sink: ByteSink, btf: Btf, nameOff: number): ByteSink {
  sink.ascii("\n\t");
  quote(sink, btf, nameOff);
  return sink;
}

function writeFields(sink: ByteSink, btf: Btf, type: BtfType): void {
  switch (type.kind) {
    case "int":
      sink.ascii(` size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits}`);
      sink.ascii(` encoding=${encodingText(type.encoding)}`);
      break;
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
    case "typedef":
    case "typeTag":
      sink.ascii(` type_id=${type.type}`);
      break;
    case "array":
      sink.ascii(` type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.nelems}`);
      break;
    case "struct":
    case "union":
      sink.ascii(` size=${type.size} vlen=${type.members.length}`);
      for (const member of type.members) {
        writeItem(sink, btf, member.nameOff).ascii(` type_id=${member.type} bits_offset=${member.bitOffset}`);
        if (member.bitfieldSize !== 0) sink.ascii(` bitfield_size=${member.bitfieldSize}`);
      }
      break;
    case "enum":
      sink.ascii(` encoding=${signText(type)} size=${type.size} vlen=${type.values.length}`);
      for (const { nameOff, value } of type.values) writeItem(sink, btf, nameOff).ascii(` val=${value}`);
      break;
    case "enum64":
      sink.ascii(` encoding=${signText(type)} size=${type.size} vlen=${type.values.length}`);
      for (const { nameOff, value } of type.values) {
        writeItem(sink, btf, nameOff).ascii(` val=${value}${type.signed ? "LL" : "ULL"}`);
      }
      break;
    case "fwd":
      sink.ascii(` fwd_kind=${type.union ? "union" : "struct"}`);
      break;
    case "func":
      sink.ascii(` type_id=${type.type} linkage=${linkageText(type.linkage)}`);
      break;
    case "funcProto":
      sink.ascii(` ret_type_id=${type.returnType} vlen=${type.params.length}`);
      for (const param of type.params) writeItem(sink, btf, param.nameOff).ascii(` type_id=${param.type}`);
      break;
    case "var":
      sink.ascii(` type_id=${type.type}, linkage=${linkageText(type.linkage)}`);
      break;
    case "datasec":
      sink.ascii(` size=${type.size} vlen=${type.entries.length}`);
      for (const entry of type.entries) writeEntry(sink, btf, entry);
      break;
    case "float":
      sink.ascii(` size=${type.size}`);
      break;
    case "declTag":
      sink.ascii(` type_id=${type.type} component_idx=${type.component}`);
      break;
    case "unknown":
      break;
  }
}

function writeEntry(sink: ByteSink, btf: Btf, entry: BtfSecInfo): void {
  sink.ascii(`\n\ttype_id=${entry.type} offset=${entry.offset} size=${entry.size}`);
  const target = typeById(btf, entry.type);
  // Void is a type to bpftool, of kind 0 and without a name.
  if (target === undefined && entry.type !== 0) return;
  sink.ascii(` (${target === undefined ? KIND_TEXT.unknown : KIND_TEXT[target.kind]} `);
  quote(sink, btf, target?.nameOff ?? 0);
  sink.ascii(")");
}
