import { corpusObjects, KIND_FOLDERS } from "../../tools/scoreboard/objects.ts";
import { testNeverWorse } from "./never-worse.ts";

// Big-endian objects are only opened here, and the scoreboard holds them to be as their twins.
testNeverWorse(corpusObjects(KIND_FOLDERS.slice(1)).filter(({ name }) => name.includes(".bpfel.")));
