// Where the time of each method goes, on digits: in the prior, in the operator, in what it does itself.
import type { MethodProfile } from '@tweedie/bench'
import { profileMethod, restBar } from '@tweedie/bench'
import { measure, measurementKey } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods, noiseFromSpec } from '@tweedie/solvers'
import { TweedieError } from '@tweedie/tensor'
import type { Benches, DigitTask } from './digits.ts'
import { benchOf, openBenches, operatorOf, settingsOf, tasks } from './digits.ts'
import { table } from './frame.ts'
import { write } from './measured.ts'

const digits = 2
const steps = 10

/** Super-resolution first, which most methods take. */
const inTurn = [...tasks].sort((a, b) => Number(b.name === 'sr4') - Number(a.name === 'sr4'))

/** The profile of a method on the first task that it takes. */
async function profileOf(
  method: AnyMethod,
  benches: Benches,
): Promise<{ task: DigitTask; profile: MethodProfile } | undefined> {
  for (const task of inTurn) {
    const bench = benchOf(benches, task)
    const operator = operatorOf(task, bench)
    if (operator === undefined) continue
    const noise = noiseFromSpec(task.noise)
    using y = measure(operator, noise, bench.truth, measurementKey(0).fold(task.name))
    try {
      const settings = { ...settingsOf(method, task), steps }
      return { task, profile: await profileMethod(method, { operator, noise, y }, bench.prior, settings) }
    } catch (error) {
      if (!(error instanceof TweedieError)) throw error
    }
  }
  return undefined
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** Profiles all methods and writes the page. */
export async function drawProfiles(): Promise<void> {
  const benches = await openBenches(digits)
  const rows: string[][] = []
  for (const method of methods) {
    const found = await profileOf(method, benches)
    if (found === undefined) continue
    const { ms, prior, operator, rest } = found.profile
    const name = method.info.name
    rows.push([
      `[${name}](methods/${name}.md)`,
      `\`${found.task.operator}\``,
      ms.toFixed(1),
      percent(prior),
      percent(operator),
      `${percent(rest)}${rest > restBar ? ' *' : ''}`,
    ])
    console.log(`${name}: ${percent(rest)} outside of prior and operator`)
  }
  const star = rows.some((row) => row.at(-1)?.endsWith('*') === true)
  write(
    'docs/profile.md',
    `# Where the time of a method goes

Written by \`npm run docs -- --profile\`: ${digits} digits at a time, ${steps} steps, the fastest of three runs; \`tweedie bench methods\` does so
for any prior and operator. Prior and operator are counted with their ways back; the rest is the method's own.

${table(['method', 'operator', 'ms a step', 'prior', 'operator', 'rest'], rows, (i) => i > 1)}
${star ? `\n\\* more than ${100 * restBar} %.\n` : ''}`,
  )
}
