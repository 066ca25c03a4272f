import { collected } from "../../../tools/mutation/in-process.ts";
import "../../e2e/build-steps.test.ts";
import "../../e2e/functions.test.ts";
import "../../fixes/concatenated.test.ts";
import "../../fixes/dangling-info.test.ts";
import "../../fixes/extern.test.ts";
import "../../fixes/flags.test.ts";
import "../../fixes/legacy-maps.test.ts";
import "../../fixes/legacy-types.test.ts";
import "../../fixes/license.test.ts";
import "../../fixes/linkage.test.ts";
import "../../fixes/maps-content.test.ts";
import "../../fixes/maps-relocations.test.ts";
import "../../fixes/private-map.test.ts";
import "../../report/explain.test.ts";
import "../../rules/alone.test.ts";
import "../../rules/common-symbol.test.ts";
import "../../rules/data-pointers.test.ts";
import "../../rules/dwarf.test.ts";
import "../../rules/elf.test.ts";
import "../../rules/elf/findings.test.ts";
import "../../rules/extern-params.test.ts";
import "../../rules/func/alike.test.ts";
import "../../rules/func/code.test.ts";
import "../../rules/func/flow.test.ts";
import "../../rules/func/signature.test.ts";
import "../../rules/functions.test.ts";
import "../../rules/helper-arity.test.ts";
import "../../rules/license.test.ts";
import "../../rules/linkage.test.ts";
import "../../rules/static-program.test.ts";
import "../../rules/truth.test.ts";
import "../../rules/verified-alone.test.ts";

/** Those that try so much, or objects so large, that a mutant has no time for them. */
const LEFT_OUT =
  /a number of no section becomes|and of no symbol table|shapes-linked\/s37|with its BTF taken or refused|of crates of every debug level|that code and callees find set|it takes with the prototypes that are made up/;

/** The tests of findings, as they are; the programs that they call are asked once. */
export const replays = (): typeof collected => collected.filter(({ name }) => !LEFT_OUT.test(name));
