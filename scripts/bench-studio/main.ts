// How fast the Studio is in headless Chromium, beside the same runs in Node, measured in turn: `npm run bench:studio`.
import { parseArgs } from 'node:util'
import { findChromium } from '../../tests/browser.ts'
import { median } from '../bench-gpu/summary.ts'
import type { Shown } from './chromium.ts'
import { openBench } from './chromium.ts'
import type { Spent } from './node.ts'
import { openNode } from './node.ts'
import { states } from './states.ts'

const usage = `Usage: npm run bench:studio [-- OPTIONS]
Runs states of the Studio in headless Chromium (from the PATH, or CHROMIUM=/path) and the same in Node, in turn.
  --filter <text>  only states that have this in their title
  --times <n>      how often each (3)
  --threads        where the processors' time went in the browser`

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    times: { type: 'string', default: '3' },
    threads: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const times = Number(values.times)
if (values.help || !Number.isInteger(times) || times < 1) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}
const executable = findChromium()
if (executable === undefined) {
  console.error('bench:studio: no Chromium found (install it, or set CHROMIUM)')
  process.exit(1)
}

const least = (list: readonly number[]): number => Math.min(...list)
const seconds = (value: number): string => `${value.toFixed(2)} s`

await using bench = await openBench(executable)
using node = openNode()
const first: number[] = []
for (let k = 0; k < times; k++) first.push(await bench.firstPicture())
console.log(`First picture: ${seconds(least(first))} at best, ${seconds(median(first))} in the middle.\n`)
for (const state of states.filter(({ title }) => title.includes(values.filter))) {
  const [alone, page]: [Spent[], Shown[]] = [[], []]
  for (let k = 0; k <= times; k++) {
    const [one, other] = [
      await node.run(state),
      await bench.run({ ...state, query: `${state.query}&seed=${k}` }),
    ]
    if (k === 0) continue // both have compiled what they run
    alone.push(one)
    page.push(other)
  }
  const ratios = page.map(({ wall }, k) => wall / (alone[k]?.wall ?? Number.NaN))
  const costs = page.map(({ processor }, k) => processor / (alone[k]?.processor ?? Number.NaN))
  const rates = page.map(({ frames, wall }) => frames / wall)
  console.log(
    [
      state.title,
      `  Node ${seconds(least(alone.map(({ wall }) => wall)))}, page ${seconds(least(page.map(({ wall }) => wall)))} at best;`,
      `  page : Node ${median(ratios).toFixed(2)} by the clock, ${median(costs).toFixed(2)} by processors (${seconds(median(page.map(({ processor }) => processor)))} with painting);`,
      `  ${median(rates).toFixed(0)} frames a second, ${median(page.map(({ painted }) => painted))} moments painted.`,
      ...(values.threads
        ? Object.keys(page[0]?.threads ?? {}).map(
            (kind) => `    ${kind} ${seconds(median(page.map(({ threads }) => threads[kind] ?? 0)))}`,
          )
        : []),
    ].join('\n'),
  )
}
