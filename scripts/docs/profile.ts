// Where the time of each method goes, on digits: in the prior and its autoencoder, in the operator, in what it does itself.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MethodProfile } from '@tweedie/bench'
import { profileMethod, restBar } from '@tweedie/bench'
import { measure, measurementKey } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods, noiseFromSpec } from '@tweedie/solvers'
import { getDevice, TweedieError } from '@tweedie/tensor'
import type { Benches, DigitTask } from './digits.ts'
import { benchOf, openBenches, operatorOf, priorFor, settingsOf, tasks } from './digits.ts'
import { table } from './frame.ts'
import { root, write } from './measured.ts'

const digits = 2
const steps = 10

/** Why a method spends more on itself than {@link restBar}; shares are of its whole time, floors at four instructions a cycle and 3.5 GHz. */
const reasons: Readonly<Record<string, string>> = {
  daps: 'a hundred Langevin steps between two evaluations. A third of its rest, 5 %, are 1,568 normals a step at 4.2 ns (floor 2.1) with the tensor around them; the rest are nine calls on 1,568 numbers, of some 2 µs each beside the network, of which 0.2 µs are the numbers',
  dpg: '470,400 normals a step at 4.2 ns (floor 2.1) are 7 %; seven passes over as many numbers (points, their terms and the scatter that tells the error of the gradient) are the rest',
  'dps-gsg':
    'two points for each of 200 directions: 313,600 normals a step at 4.2 ns (floor 2.1) are 5 %; eight passes over directions, points and terms, of 1.3 MB each, are the rest',
  'blind-dps':
    'the prior on the kernel, a mixture that it makes itself, asks and goes back through once a step, counts as its own',
  'gibbs-ddrm':
    'a kernel that changed has new singular values: where they are cut, and the weights of all 784 for each sample, in float64 on the host, are two fifths of its rest, the Langevin steps on the kernel a third',
  'efficient-score-prior':
    'it trains a normalising flow, a network of its own, by Adam, which is neither prior nor operator: two fifths are the twelve passes of Adam over the parameters, the others the flow and its gradient',
}

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
      const problem = { operator, noise, y }
      const prior = priorFor(method, bench)
      return { task, profile: await profileMethod(method, problem, prior, settings, { now: processorTime }) }
    } catch (error) {
      if (!(error instanceof TweedieError)) throw error
    }
  }
  return undefined
}

/** Milliseconds that the process has computed, which no other program lengthens by waiting. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

const page = join(root, 'docs/profile.md')

/** The rows that the page has, by method. */
const known = (): Map<string, readonly string[]> =>
  new Map(
    Array.from(readFileSync(page, 'utf8').matchAll(/^\| \[([\w-]+)\].*\|$/gm), ([line, name = '']) => [
      name,
      line.slice(2, -2).split(' | '),
    ]),
  )

/** Profiles all methods, or those named, the others kept as they are, and writes the page after each. */
export async function drawProfiles(only: readonly string[]): Promise<void> {
  const benches = await openBenches(digits)
  // So that the time of the processor is that of the work, and not of threads that wait for each other.
  getDevice('wasm').limitThreads?.(1)
  const rows = known()
  for (const method of methods) {
    if (only.length > 0 && !only.includes(method.info.name)) continue
    const found = await profileOf(method, benches)
    if (found === undefined) continue
    const { ms, prior, operator, rest } = found.profile
    const name = method.info.name
    rows.set(name, [
      `[${name}](methods/${name}.md)`,
      `\`${found.task.operator}\``,
      ms.toFixed(1),
      percent(prior),
      percent(operator),
      `${percent(rest)}${rest > restBar ? ' *' : ''}`,
    ])
    console.log(`${name}: ${percent(rest)} outside of prior and operator`)
    writePage(rows)
  }
}

function writePage(rows: ReadonlyMap<string, readonly string[]>): void {
  const told = methods.names.flatMap((name) => {
    const row = rows.get(name)
    return row === undefined ? [] : [row]
  })
  const above = methods.names.filter((name) => rows.get(name)?.at(-1)?.endsWith('*') === true)
  const why = above.map((name) => `- **${name}**: ${reasons[name] ?? 'no reason is known'}.`)
  write(
    'docs/profile.md',
    `# Where the time of a method goes

Written by \`npm run docs -- --profile\`: ${digits} digits at a time, ${steps} steps, the fastest of three runs, by processor time on one
thread; \`tweedie bench methods\` does so for any prior and operator, by the clock. Methods on latents run on the digits-latent prior.
Prior (with its autoencoder) and operator are counted with their ways back; the rest is the method's own. Compare shares: the times
are of a machine that had other work.

${table(['method', 'operator', 'ms a step', 'prior', 'operator', 'rest'], told, (i) => i > 1)}
${above.length > 0 ? `\n\\* more than ${100 * restBar} %:\n\n${why.join('\n')}\n` : ''}`,
  )
}
