import { BtfFixError } from "../../src/errors.ts";

/** The BtfFixError that `run` raises; any other outcome fails the test. */
export function refusal(run: () => unknown): BtfFixError {
  try {
    run();
  } catch (error) {
    if (error instanceof BtfFixError) return error;
    throw error;
  }
  throw new Error("accepted");
}
