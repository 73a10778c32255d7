// Writes tests/fixtures/bits/bits.json anew: `node tests/bits/record.ts`. Only for a change that is meant to change what is
// computed, with the reason in its commit.
import { writeFileSync } from 'node:fs'
import { groups, printsOf } from './print.ts'

const all: Record<string, unknown> = {}
for (const group of Object.keys(groups)) {
  const start = performance.now()
  all[group] = await printsOf(group)
  console.log(`${group}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
}
const file = new URL('../fixtures/bits/bits.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(all, undefined, 1)}\n`)
