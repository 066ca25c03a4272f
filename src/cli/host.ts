/** The outside world as commands see it: files, streams, environment. Tests hand in a double. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdoutIsTty: boolean;
  readonly stderrIsTty: boolean;
  /**
   * The whole file, or standard input for "-".
   * @throws BtfFixError IO if it cannot be read, ELF_NOT_ELF for a directory, LIMIT_EXCEEDED past the size limit.
   */
  readInput(path: string): InputFile;
  /** The BPF objects in a folder and below it; undefined if the path is no folder. */
  objectsIn(path: string): Iterable<string> | undefined;
  /**
   * Replaces a file in one step, so that a reader sees the old content or the new, never a part.
   * @throws BtfFixError IO; the target is then as it was.
   */
  replaceFile(request: ReplaceRequest): ReplacedFile;
  stdout(data: string | Uint8Array): void;
  stderr(text: string): void;
  /** Milliseconds since the process started. */
  now(): number;
  /** The most memory that the process has held so far, in KiB; 0 where the system does not tell. */
  peakMemory(): number;
}

export interface InputFile {
  readonly bytes: Uint8Array;
  /** Permission bits; undefined for standard input. */
  readonly mode: number | undefined;
}

export interface ReplaceRequest {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The file that the bytes were made from; if it is the target itself, target mode and other names are kept in step. */
  readonly source: string | undefined;
  /** Permission bits of a new file; undefined leaves them to the umask. */
  readonly mode: number | undefined;
}

export interface ReplacedFile {
  /** Other names of the same file that now have the new content too. */
  readonly alsoReplaced: readonly string[];
  /** How many names of the old file were not found and keep the old content. */
  readonly leftBehind: number;
}
