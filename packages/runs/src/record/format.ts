import type { FolderRecord } from './folder.ts'
import type { RunRecord, Score } from './record.ts'

/** A list of numbers or words that JSON.stringify spread over lines. */
const spreadList =
  /\[\n\s+((?:"(?:[^"\\]|\\.)*"|[-\d.eE+]+|null)(?:,\n\s+(?:"(?:[^"\\]|\\.)*"|[-\d.eE+]+|null))*)\n\s+\]/g

/** A record as the text of run.json: lists on one line, numbers with the seven digits that float32 holds. */
export function formatRecord(record: RunRecord | FolderRecord): string {
  const round = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value
  const text = JSON.stringify(record, round, 1)
  return `${text.replace(spreadList, (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`)}\n`
}

/** The mean of a score over the samples that have it. */
export function meanScore(scores: readonly Score[], which: string): number | undefined {
  const values = scores.map((score) => score[which]).filter((value) => value !== undefined)
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The command line as one would type it. */
export const commandLine = (argv: readonly string[]): string =>
  [
    'tweedie',
    ...argv.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)),
  ].join(' ')
