import { testPrograms } from "./maps.ts";

testPrograms(2);
