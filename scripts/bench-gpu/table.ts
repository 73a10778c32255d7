import type { Results, Row } from './measure.ts'
import type { PeerResults } from './peer.ts'

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

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2))
const counted = (value: number): string => (value === 0 ? '–' : number(value))

/** What a peer took for a row, recorded or not, in milliseconds: the mean of the medians of its runs. */
export function peerMs(
  peers: readonly PeerResults[],
  row: string,
  field: 'ms' | 'tf32Ms',
): number | undefined {
  const name = row.replace(/, recorded$/, '')
  const medians = peers.flatMap(({ rows }) => rows.find((peer) => peer.name === name)?.[field]?.median ?? [])
  return medians.length === 0 ? undefined : medians.reduce((sum, ms) => sum + ms, 0) / medians.length
}

/** PyTorch's time and ours over it. */
function peerCells(peers: readonly PeerResults[], row: Row, field: 'ms' | 'tf32Ms'): readonly string[] {
  const ms = peerMs(peers, row.name, field)
  return ms === undefined ? ['–', '–'] : [number(ms), number(row.ms.median / ms)]
}

const peerHeads = { ms: 'PyTorch eager', tf32Ms: 'PyTorch eager, TF32' } as const

/** The results as a table: what was counted, what was measured, and what follows for cards that were not there. */
export function table({ host, adapter, backend, notes, rows, peers = [] }: Results): string {
  const fields = (['ms', 'tf32Ms'] as const).filter((field) =>
    rows.some(({ name }) => peerMs(peers, name, field) !== undefined),
  )
  const heads = [
    ...['', 'launches', 'MB moved', 'GFLOP', 'first run, ms', 'measured, ms'],
    ...fields.flatMap((field) => [`${peerHeads[field]}, ms`, 'ratio']),
    ...cards.map(({ name }) => `bound, ${name}, ms`),
  ]
  const lines = rows.map((row) => [
    ...[row.name, `${row.launches}`, counted(row.movedBytes / 1e6), counted(row.flops / 1e9)],
    ...[number(row.firstMs), number(row.ms.median)],
    ...fields.flatMap((field) => peerCells(peers, row, field)),
    // Of a recorded program the bytes are not counted.
    ...cards.map((card) => (row.movedBytes === 0 ? '–' : number(boundMs(row, card)))),
  ])
  const text = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `Measured: ${backend}, ${host}; ${adapter ?? notes.filter((note) => /^(software )?renderer/.test(note)).join('; ')}.`,
    ...[...new Set(peers.map(({ host: library, device }) => `Beside it: ${library}, on ${device}.`))],
    `Bounds: not measured, but counted, by data sheets and ${launch * 1e6} µs a launch, which is assumed.`,
    '',
    text(heads),
    text(['---', ...heads.slice(1).map(() => '--:')]),
    ...lines.map(text),
    '',
  ].join('\n')
}
