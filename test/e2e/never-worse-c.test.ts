import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { testNeverWorse } from "./never-worse.ts";

testNeverWorse(corpusObjects().filter(({ name }) => name.startsWith("c/")));
