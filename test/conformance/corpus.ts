/** What one corpus of real cases said about us. */
export interface CorpusResult {
  corpus: string;
  passed: number;
  failed: number;
  /** Rows that ask for what Vigil does not read, with the reason counted, not hidden. */
  unsupported: number;
  /** A failure in it fails the run. */
  required: boolean;
  /** The row's id and what differed, one line each. */
  failures: string[];
}

/** Reads the files it knows below the directory; an empty list if there is none. */
export type CorpusRunner = (directory: string) => Promise<CorpusResult[]>;
