import type { Results, Row } from './measure.ts'

/** A card by its data sheet. */
export interface Card {
  readonly name: string
  /** Bytes a second of its memory. */
  readonly bandwidth: number
  /** float32 operations a second. */
  readonly flops: number
}

/** Seconds of one launch: an assumption, as no data sheet has it. */
const launch = 10e-6

/**
 * Two laptops. GeForce RTX 4060 Laptop: 128 bits of GDDR6 at 16 Gbit/s, 3072 lanes, 2 operations a cycle, 2.37 GHz at most
 * (it depends on the power limit). Apple M1 with eight cores: LPDDR4X, 68 GB/s, 2.6 TFLOP/s.
 */
export const cards: readonly Card[] = [
  { name: 'RTX 4060 Laptop', bandwidth: 256e9, flops: 14.6e12 },
  { name: 'Apple M1', bandwidth: 68e9, flops: 2.6e12 },
]

/** Milliseconds that a card takes at least: launches one after the other, and memory or arithmetic, whichever is longer. */
export const boundMs = ({ launches, movedBytes, flops }: Row, card: Card): number =>
  1e3 * (launches * launch + Math.max(movedBytes / card.bandwidth, flops / card.flops))

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2))

/** The results as a table: what was counted, what was measured, and what follows for cards that were not there. */
export function table({ host, backend, notes, rows }: Results): string {
  const heads = [
    '',
    'launches',
    'MB moved',
    'GFLOP',
    'measured, ms',
    ...cards.map(({ name }) => `bound, ${name}, ms`),
  ]
  const lines = rows.map((row) => [
    row.name,
    `${row.launches}`,
    number(row.movedBytes / 1e6),
    row.flops === 0 ? '–' : number(row.flops / 1e9),
    number(median(row.ms)),
    ...cards.map((card) => number(boundMs(row, card))),
  ])
  const text = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `Measured: ${backend}, ${host}; ${notes.filter((note) => /^(software )?renderer/.test(note)).join('; ')}.`,
    `Bounds: not measured, but counted, by data sheets and ${launch * 1e6} µs a launch, which is assumed.`,
    '',
    text(heads),
    text(['---', ...heads.slice(1).map(() => '--:')]),
    ...lines.map(text),
    '',
  ].join('\n')
}
