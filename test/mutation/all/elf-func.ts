import { collected } from "../../../tools/mutation/in-process.ts";
import "../../report/explain.test.ts";
import "../../rules/alone.test.ts";
import "../../rules/common-symbol.test.ts";
import "../../rules/data-pointers.test.ts";
import "../../rules/dwarf.test.ts";
import "../../rules/elf.test.ts";
import "../../rules/extern-params.test.ts";
import "../../rules/functions.test.ts";
import "../../rules/helper-arity.test.ts";
import "../../rules/license.test.ts";
import "../../rules/linkage.test.ts";
import "../../rules/loader-target.test.ts";
import "../../rules/maps.test.ts";
import "../../rules/static-program.test.ts";
import "../../rules/truth.test.ts";
import "../../rules/unreadable.test.ts";
import "../../rules/verified-alone.test.ts";

/** The tests of findings, as they are; the programs that they call are asked once. */
export const replays = (): typeof collected => collected;
