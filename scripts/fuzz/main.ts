import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Tally } from '../../packages/unet/src/checkpoint/fuzz/campaign.test.helper.ts'
import {
  emptyTally,
  runCases,
  soundFiles,
} from '../../packages/unet/src/checkpoint/fuzz/campaign.test.helper.ts'

// A campaign of changed files over the readers of checkpoints: npm run fuzz -- --readers --count N --seed S. It goes on where
// it was stopped, and writes its record into docs/fuzz.md.

const help = `Usage: npm run fuzz -- --readers [--count N] [--seed S] [--jobs 1] [--record]
  --count N   cases in all, those done before among them (1,000,000)
  --seed S    of the campaign (1)
  --jobs 1    processes; one
  --case I    runs case I alone and shows what it ends in
  --record    writes the record of the campaign so far into docs/fuzz.md, and runs nothing`

const { values } = parseArgs({
  options: {
    readers: { type: 'boolean' },
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    case: { type: 'string' },
    record: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})
const numbers = [values.count, values.seed, values.case ?? '0'].map(Number)
if (
  values.help === true ||
  values.readers !== true ||
  values.jobs !== '1' ||
  numbers.some((n) => !(Number.isSafeInteger(n) && n >= 0))
) {
  console.log(help)
  process.exit(values.help === true ? 0 : 2)
}
const [count = 0, seed = 0, only = 0] = numbers

/** A tally with what the processes that worked on it took. */
interface State extends Tally {
  /** Seconds of processor time. */
  seconds: number
  /** The most memory that one of them held. */
  peakMiB: number
}

const root = join(import.meta.dirname, '../..')
const path = join(root, 'out', 'fuzz', `readers-${seed}.json`)
const state: State = existsSync(path)
  ? (JSON.parse(readFileSync(path, 'utf8')) as State)
  : { ...emptyTally(), seconds: 0, peakMiB: 0 }

function save(): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.tmp`, JSON.stringify(state))
  renameSync(`${path}.tmp`, path)
}

const files = soundFiles()
if (values.case !== undefined) {
  const tally = emptyTally()
  runCases(files, seed, only, only + 1, tally)
  console.log(tally)
  process.exit(tally.failures.length)
}

const batch = 1000
while (values.record !== true && state.count < count) {
  const before = process.cpuUsage()
  runCases(files, seed, state.count, Math.min(count, state.count + batch), state)
  const { user, system } = process.cpuUsage(before)
  state.seconds += (user + system) / 1e6
  state.peakMiB = Math.max(state.peakMiB, process.resourceUsage().maxRSS / 1024)
  save()
  if (state.count % (10 * batch) === 0)
    console.log(
      `${state.count} of ${count}: ${state.read} read, ${state.refused} refused, ${state.failures.length} failures`,
    )
}

const round = (x: number, digits = 1) => x.toFixed(digits)
const kinds = new Map<string, number>()
for (const { kind } of files) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
const record = [
  `| seed | cases | read | refused by a typed error | anything else | processor seconds | slowest case | most memory of the process |`,
  `|--:|--:|--:|--:|--:|--:|--:|--:|`,
  `| ${seed} | ${state.count.toLocaleString('en')} | ${state.read.toLocaleString('en')} | ${state.refused.toLocaleString('en')} | ${state.failures.length} | ${round(state.seconds)} | ${round(state.slowest.seconds, 3)} s | ${round(state.peakMiB, 0)} MiB |`,
  '',
  `Of ${files.length} sound files: ${[...kinds].map(([kind, n]) => `${n} ${kind}`).join(', ')}.`,
].join('\n')
const page = join(root, 'docs', 'fuzz.md')
const [begin, end] = ['<!-- readers -->', '<!-- /readers -->']
const text = readFileSync(page, 'utf8')
const [head = '', rest = ''] = text.split(begin)
writeFileSync(page, `${head}${begin}\n${record}\n${end}${rest.split(end)[1] ?? ''}`)
console.log(record)
for (const { index, error } of state.failures.slice(0, 20)) console.log(`case ${index}: ${error}`)
process.exit(state.failures.length > 0 ? 1 : 0)
