import type { PointsRun } from '@tweedie/calibration'
import { smallSettings } from '@tweedie/calibration'
import { formatSpec, splitSpec } from '@tweedie/solvers'
import type { RunRequest } from './engine/run.ts'
import type { Law } from './law.ts'
import { normalOf } from './law.ts'

/** A law as the description of a problem has it. */
const mixtureOf = (law: Law) => ({
  weights: law.map(({ weight }) => weight),
  means: law.map(({ x, y }) => [x, y]),
  covariances: law.map(({ xx, xy, yy }) => [
    [xx, xy],
    [xy, yy],
  ]),
})

/** The problem of a run as a module that `tweedie posterior --problem` takes. y is in float32, as it is here. */
export function problemModule({ plane: { law, stripe } }: RunRequest, address: string): string {
  const lines = Object.entries(mixtureOf(law)).map(
    ([name, value]) => `    ${name}: ${JSON.stringify(value)},`,
  )
  return `// ${address}
import { tensor } from '@tweedie/tensor'

export default {
  prior: { mixture: {
${lines.join('\n')}
  } },
  operator: { matrix: ${JSON.stringify([normalOf(stripe)])} },
  noise: { gaussian: ${stripe.sigma} },
  y: tensor([${stripe.offset}]),
}
`
}

/** The command that draws the same particles in Node, bit for bit. */
export function commandOf({ method, count, seed }: RunRequest): string {
  const { name, settings } = splitSpec('method', method)
  const sets = Object.entries(settings).map(([key, value]) => `--set ${key}=${value}`)
  const parts = [`--method ${name}`, ...sets, `--samples ${count}`, `--seed ${seed}`, '--out samples.npy']
  return `npx tweedie posterior --problem plane.ts ${parts.join(' ')}`
}

/** A TypeScript program that makes the same run, of what no command line draws: the particles of one run. */
export function programOf({ method, count, seed }: RunRequest): string {
  const { name, settings } = splitSpec('method', method)
  return `import { problemOfDescription, smallSettings } from '@tweedie/calibration'
import { methods, run } from '@tweedie/solvers'
import description from './plane.ts'

const { prior, problem } = await problemOfDescription(description)
const { entry, settings } = methods.parse(${JSON.stringify(formatSpec(name, settings))})
const given = { ...smallSettings[entry.info.name]?.settings, ...settings, particles: ${count}, seed: ${seed} }
await run(entry.run(problem, prior, given), { onStep: ({ particles }) => console.log(particles.x) })
`
}

/** A method with all that is not its own default: what suits a few numbers as well. */
const settled = (text: string): string => {
  const { name, settings } = splitSpec('method', text)
  return formatSpec(name, { ...smallSettings[name]?.settings, ...settings })
}

/** The whole run as the file that `tweedie run` takes. */
export const runFileOf = (
  { plane: { law, stripe }, method, count, seed, from }: RunRequest,
  more: Pick<PointsRun, 'population' | 'page' | 'sha256'>,
): PointsRun => ({
  ...{ tool: 'tweedie', format: 1, command: 'run', kind: 'points' },
  ...{ ...more, method: settled(method), samples: count, seed },
  ...(from && { from: { step: from.index, method: settled(from.of), seed: from.seed } }),
  problem: {
    prior: { mixture: mixtureOf(law) },
    operator: { matrix: [normalOf(stripe)] },
    noise: { gaussian: stripe.sigma },
    y: [stripe.offset],
    dtype: 'float32',
  },
})
