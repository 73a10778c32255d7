import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartsJournal } from '@tweedie/calibration/node'
import { openPartsJournal } from '@tweedie/calibration/node'
import type { ShownRow } from '@tweedie/runs'
import { OptionError } from '@tweedie/tensor'
import * as v from 'valibot'
import { destination, statOrNothing } from '../../../files/write.ts'

/** Names of the files that tell of the pictures. */
export const recordFile = 'run.json'
export const journalFile = 'pictures.jsonl'

const number = v.pipe(v.number(), v.finite())
const score = v.record(v.string(), number)
const strings = v.array(v.string())

/** A line of the journal. What is not in it is not taken over: the file may have been edited. */
const Row: v.GenericSchema<unknown, ShownRow> = v.object({
  file: v.string(),
  inputs: v.array(v.object({ file: v.string(), bytes: number, sha256: v.string() })),
  outputs: strings,
  notes: strings,
  error: v.optional(v.string()),
  result: v.optional(
    v.object({
      shape: v.array(number),
      input: v.optional(score),
      scores: score,
      residual: v.optional(
        v.object({
          chi2: number,
          measured: number,
          low: number,
          high: number,
          verdict: v.picklist(['too small', 'as noise', 'too large']),
        }),
      ),
      nfe: number,
      vjps: number,
      seconds: number,
    }),
  ),
  thumbs: v.array(
    v.object({ title: v.string(), src: v.pipe(v.string(), v.regex(/^data:image\/png;base64,[\w+/=]*$/)) }),
  ),
})

function parseRow(line: string): ShownRow | undefined {
  try {
    const parsed = v.safeParse(Row, JSON.parse(line))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** The part of run.json that tells whether a run may go on with what it finds. */
const Earlier = v.object({
  tool: v.literal('tweedie'),
  command: v.literal('restore'),
  settings: v.record(v.string(), v.unknown()),
})

/** An output folder that is open for pictures. */
export interface OpenFolder {
  /** Absolute, links followed. */
  readonly path: string
  /** What an earlier run with the same settings came to, by file. */
  readonly rows: ReadonlyMap<string, ShownRow>
  add(row: ShownRow): Promise<void>
}

const shown = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))

/**
 * Makes sure that a run may put its pictures into a folder: there is nothing, or the pictures of a run with the same
 * settings, which are kept.
 * @throws {OptionError} naming `--out`, and what is in the way.
 */
export async function checkPictures(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<string> {
  const path = await destination(folder, '--out')
  const at = await statOrNothing(path)
  if (at === undefined) return path
  if (!at.isDirectory()) throw new OptionError('--out', `${folder} is a file; name a folder`)
  if ((await readdir(path)).length === 0) return path
  const text = await readFile(join(path, recordFile), 'utf8').catch(() => '')
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Earlier), text)
  if (!parsed.success)
    throw new OptionError(
      '--out',
      `${folder} is not empty and holds no earlier run over these pictures; name another folder`,
    )
  const former = parsed.output.settings
  const other = [...new Set([...Object.keys(settings), ...Object.keys(former)])].find(
    (name) => JSON.stringify(former[name]) !== JSON.stringify(settings[name]),
  )
  if (other !== undefined)
    throw new OptionError(
      '--out',
      `${folder} holds pictures restored with another ${other} (${shown(former[other])}, now ${shown(settings[other])}); name another folder`,
    )
  return path
}

/** Opens a folder that {@link checkPictures} has looked at. */
export async function openPictures(path: string): Promise<OpenFolder> {
  await mkdir(path, { recursive: true })
  const journal: PartsJournal<ShownRow> = await openPartsJournal(join(path, journalFile), parseRow)
  return {
    path,
    rows: new Map(journal.parts.map((row) => [row.file, row])),
    add: (row) => journal.add(row),
  }
}
