import * as v from 'valibot'

// What npm run bench:gpu has measured on a card, as a table of docs/gpu.md.

const number = v.pipe(v.number(), v.finite())
const Summary = v.object({ median: number, low: number, high: number, runs: number })

const Peer = v.object({
  format: v.literal('tweedie bench gpu peer 1'),
  host: v.string(),
  device: v.string(),
  rows: v.array(v.object({ name: v.string(), ms: Summary, tf32Ms: v.optional(Summary) })),
})

const Row = v.object({
  name: v.string(),
  ms: Summary,
  firstMs: number,
  launches: number,
  flops: number,
  error: number,
  executor: v.optional(v.string()),
})

const Measured = v.object({
  format: v.literal('tweedie bench gpu 2'),
  date: v.string(),
  host: v.string(),
  adapter: v.optional(v.string()),
  backend: v.string(),
  notes: v.array(v.string()),
  rows: v.array(Row),
  peers: v.optional(v.array(Peer), []),
})

type MeasuredPeer = v.InferOutput<typeof Peer>

const short = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)

/** The mean of a peer's medians, before and after. */
function peerMs(peers: readonly MeasuredPeer[], row: string, field: 'ms' | 'tf32Ms'): number | undefined {
  const name = row.replace(/, recorded$/, '')
  const medians = peers.flatMap(({ rows }) => rows.find((peer) => peer.name === name)?.[field]?.median ?? [])
  return medians.length === 0 ? undefined : medians.reduce((sum, ms) => sum + ms, 0) / medians.length
}

/**
 * The table of a file that `npm run bench:gpu` has written; without one, that there is none.
 * @throws {v.ValiError} for a file of another form.
 */
export function measuredTable(json: string | undefined): string {
  if (json === undefined) return 'No card has been measured.'
  const { date, host, adapter, backend, notes, rows, peers } = v.parse(Measured, JSON.parse(json))
  const renderer = notes.find((note) => note.startsWith('renderer: '))?.slice('renderer: '.length)
  const lines = rows.map((row) => {
    const [ms, tf32] = (['ms', 'tf32Ms'] as const).map((field) => peerMs(peers, row.name, field))
    return [
      ...[row.name, `${row.launches}`, short(row.ms.median)],
      row.flops === 0 ? '–' : short(row.flops / row.ms.median / 1e6),
      ...(ms === undefined ? ['–', '–'] : [short(ms), short(row.ms.median / ms)]),
      tf32 === undefined ? '–' : short(tf32),
    ]
  })
  const libraries = [...new Set(peers.map((peer) => `${peer.host}, on ${peer.device}`))]
  const beside = libraries.length === 0 ? '' : `; beside it ${libraries.join('; ')}`
  const worst = Math.max(...rows.map(({ error }) => error))
  const fewest = Math.min(...rows.map(({ ms }) => ms.runs))
  const text = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `${date.slice(0, 10)}: ${adapter ?? renderer ?? 'an unnamed adapter'}; ${backend}, ${host}${beside}. Medians of ${fewest} runs or more, each`,
    `waited for; results were those of \`wasm\` to ${worst.toExponential(0)} relative.`,
    '',
    text(['', 'launches', 'ms', 'GFLOP/s', 'PyTorch eager, ms', 'ratio', 'PyTorch eager with TF32, ms']),
    '|---|--:|--:|--:|--:|--:|--:|',
    ...lines.map(text),
  ].join('\n')
}
