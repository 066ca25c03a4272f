/** The version in package.json; a test compares the two. Reading the file would cost start-up time. */
export const VERSION = "0.1.0";
