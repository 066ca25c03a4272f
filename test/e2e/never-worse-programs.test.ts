import { corpusObjects, PROGRAM_FOLDERS } from "../../tools/scoreboard/objects.ts";
import { testNeverWorse } from "./never-worse.ts";

// Big-endian objects are only opened here, and the scoreboard holds them to be as their twins.
testNeverWorse(corpusObjects(PROGRAM_FOLDERS).filter(({ name }) => name.includes(".bpfel.")));
