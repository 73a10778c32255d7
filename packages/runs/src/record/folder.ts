import type { InputRecord, Machine, ResidualCheck, Score } from './record.ts'

/** A picture of a folder, and what came of it. */
export interface FolderRow {
  /** As the user named it. */
  readonly file: string
  /** The file itself, and others that its restoration read, a mask among them. */
  readonly inputs: readonly InputRecord[]
  /** What was written for it, relative to the output folder; nothing where it failed. */
  readonly outputs: readonly string[]
  readonly notes: readonly string[]
  /** Set where it could not be restored. */
  readonly error?: string | undefined
  readonly result?: FolderResult | undefined
}

/** The numbers of a picture that was restored. */
export interface FolderResult {
  /** [C, H, W] */
  readonly shape: readonly number[]
  /** Of the degraded picture, where there is one. */
  readonly input?: Score | undefined
  /** Means over the samples. */
  readonly scores: Score
  readonly residual?: ResidualCheck | undefined
  readonly nfe: number
  readonly vjps: number
  /** Of the method. */
  readonly seconds: number
}

/** What a run over a folder leaves in run.json. */
export interface FolderRecord {
  readonly tool: 'tweedie'
  readonly format: 1
  readonly command: 'restore'
  readonly argv: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** What the pictures depend on; a run with others does not go on with them. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly machine: Machine
  /** ISO 8601, UTC. */
  readonly started: string
  /** Of this run; earlier ones that it went on with are not counted. */
  readonly seconds: number
  /** Whether some pictures were not come to. */
  readonly unfinished: boolean
  readonly pictures: readonly FolderRow[]
  readonly notes: readonly string[]
  /** Every file that is tweedie's. */
  readonly files: readonly string[]
}
