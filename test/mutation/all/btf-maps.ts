import { collected } from "../../../tools/mutation/in-process.ts";
import "../../report/explain.test.ts";
import "../../rules/alone.test.ts";
import "../../rules/dwarf.test.ts";
import "../../rules/findings/bound-by-name.test.ts";
import "../../rules/findings/datasec.test.ts";
import "../../rules/findings/datasec-empty.test.ts";
import "../../rules/findings/enums.test.ts";
import "../../rules/findings/layout.test.ts";
import "../../rules/findings/maps.test.ts";
import "../../rules/findings/names.test.ts";
import "../../rules/findings/readers.test.ts";
import "../../rules/findings/short-names.test.ts";
import "../../rules/findings/special-field.test.ts";
import "../../rules/findings/two-maps.test.ts";
import "../../rules/findings/type-missing.test.ts";
import "../../rules/maps.test.ts";
import "../../rules/truth.test.ts";

/** The tests of findings, as they are; the programs that they call are asked once. */
export const replays = (): typeof collected => collected;
