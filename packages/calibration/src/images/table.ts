import type { ResidualCheck, Score } from '@tweedie/runs'
import { residualCheck } from '@tweedie/runs'
import { meanOver } from '../metrics/define.ts'
import type { PairedDifference } from '../metrics/statistics.ts'
import { pairedDifference } from '../metrics/statistics.ts'
import type { Summary } from '../types.ts'
import type { ImageCell } from './cell.ts'

/** A method on a task, over all seeds. */
export interface ImageRow {
  readonly method: string
  readonly words: string
  /** Over pictures, with 95 % intervals; of scores that all of its pictures have. */
  readonly scores: Readonly<Record<string, Summary>>
  readonly residual: ResidualCheck | undefined
  /** Its PSNR less that of the best, picture by picture; nothing for the best itself. */
  readonly behind: PairedDifference | undefined
  readonly pictures: number
  /** Of a run: means over seeds. */
  readonly nfe: number
  readonly vjps: number
  readonly seconds: number
}

/** The rows of a task, from the best PSNR to the worst, and what could not be run. */
export interface ImageTable {
  readonly operator: string
  readonly noise: string
  readonly rows: readonly ImageRow[]
  readonly refused: readonly { readonly method: string; readonly why: string; readonly seeds: number }[]
}

type Scored = Extract<ImageCell, { readonly scores: readonly Score[] }>
const isScored = (cell: ImageCell): cell is Scored => 'scores' in cell

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length

/** Groups in the order of their first members. */
function grouped<T>(items: readonly T[], nameOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item])
  return [...groups.values()]
}

/** A score of each picture, by seed and number of the picture. */
const byPicture = (cells: readonly Scored[], metric: string): Map<string, number> =>
  new Map(
    cells.flatMap(({ seed, scores }) =>
      scores.flatMap((score, i) => {
        const value = score[metric]
        return value === undefined ? [] : [[`${seed}/${i}`, value] as const]
      }),
    ),
  )

/**
 * How much better one row is than another, picture by picture: both restored the same measurements, so what makes one picture
 * harder than another falls out.
 * @returns The mean difference with its 95 % interval and a p-value; nothing where they share fewer than two pictures.
 */
export function pictureDifference(
  a: readonly ImageCell[],
  b: readonly ImageCell[],
  metric: string,
): PairedDifference | undefined {
  const [first, second] = [byPicture(a.filter(isScored), metric), byPicture(b.filter(isScored), metric)]
  const pairs = [...first].flatMap(([picture, value]) => {
    const other = second.get(picture)
    return other === undefined || !Number.isFinite(value - other) ? [] : [[value, other] as const]
  })
  if (pairs.length < 2) return undefined
  return pairedDifference(
    pairs.map(([value]) => value),
    pairs.map(([, other]) => other),
  )
}

function rowOf(cells: readonly Scored[]): Omit<ImageRow, 'behind'> {
  const [first] = cells
  const all = cells.flatMap(({ scores }) => scores)
  const names = Object.keys(all[0] ?? {}).filter((name) => all.every((score) => score[name] !== undefined))
  return {
    method: first?.method ?? '',
    words: first?.words ?? '',
    scores: Object.fromEntries(names.map((name) => [name, meanOver(all.map((score) => [score[name] ?? 0]))])),
    residual: residualCheck(all, first?.measured ?? 1),
    pictures: all.length,
    nfe: mean(cells.map(({ nfe }) => nfe)),
    vjps: mean(cells.map(({ vjps }) => vjps)),
    seconds: mean(cells.map(({ seconds }) => seconds)),
  }
}

/** The tables of cells, one a task. */
export function imageTables(cells: readonly ImageCell[]): readonly ImageTable[] {
  return grouped(cells, ({ operator, noise }) => `${operator} ${noise}`).map((ofTask) => {
    const [{ operator, noise } = { operator: '', noise: '' }] = ofTask
    const groups = grouped(ofTask, ({ words }) => words)
    const rows = groups
      .flatMap((group) => {
        const scored = group.filter(isScored)
        return scored.length === 0 ? [] : [{ group, row: rowOf(scored) }]
      })
      .sort((a, b) => (b.row.scores['psnr']?.value ?? -Infinity) - (a.row.scores['psnr']?.value ?? -Infinity))
    const [best] = rows
    const refused = groups.flatMap((group) => {
      const without = group.flatMap((cell) => ('refused' in cell ? [cell] : []))
      const [one] = without
      return one === undefined ? [] : [{ method: one.words, why: one.refused, seeds: without.length }]
    })
    return {
      ...{ operator, noise, refused },
      rows: rows.map(({ group, row }) => ({
        ...row,
        behind:
          best === undefined || group === best.group
            ? undefined
            : pictureDifference(group, best.group, 'psnr'),
      })),
    }
  })
}
