import type { MethodProfile } from '@tweedie/bench'
import { methodsMarkdown, profileMethod, restBar } from '@tweedie/bench'
import { asPictures, InterruptedError, measure, measurementKey, operatorFor } from '@tweedie/runs'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import {
  breathe,
  methods as known,
  pictureShape,
  run,
  sampleUnconditional,
  UnfitError,
} from '@tweedie/solvers'
import { settled } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import type { Io } from '../../io.ts'
import {
  resolveMethod,
  resolveNoise,
  resolveOperator,
  resolvePreset,
  resolvePrior,
  resolveSettings,
} from '../../resolve.ts'
import { startProgress } from '../../terminal/progress.ts'

/** The options of `tweedie bench methods`. */
export interface BenchMethodsOptions extends DeviceOptions {
  /** All of the list where left out. */
  readonly methods?: readonly string[]
  readonly preset?: string
  readonly operator: string
  readonly noise: number | string
  readonly prior: string
  readonly batch: number
  readonly steps: number
  readonly json?: boolean
}

/** Prints where the time of each method goes. */
export async function benchMethods(io: Io, options: BenchMethodsOptions): Promise<void> {
  const { batch, steps, preset } = options
  const prior = await resolvePrior(io, options.prior)
  const { operator } = await resolveOperator(io, options.operator, pictureShape(prior), '--operator')
  const noise = await resolveNoise(options.noise, '--noise')
  const names = options.methods ?? known.names
  const chosen = await Promise.all(names.map((name) => resolveMethod(io, name, '--methods')))
  const planned = await Promise.all(
    chosen.map(async ({ entry, settings }): Promise<[AnyMethod, Settings]> => {
      const from = preset === undefined ? {} : (await resolvePreset(entry, preset)).settings
      return [entry, await resolveSettings(entry, { ...from, ...settings, steps }, '--methods')]
    }),
  )
  // Something to measure: what the prior itself draws.
  using drawn = await run(sampleUnconditional(prior, { count: batch, steps: 10 }))
  const truth = asPictures(prior, drawn)
  const y = await settled(truth.device, () => measure(operator, noise, truth, measurementKey(0)))
  const problemFor = ({ info }: AnyMethod) => ({ operator: operatorFor(info, operator, prior), noise, y })
  const profiles: MethodProfile[] = []
  const unfit: { method: string; why: string }[] = []
  const progress = startProgress(io, { quiet: options.json === true })
  try {
    for (const [i, [method, settings]] of planned.entries()) {
      await breathe()
      if (io.signal.aborted) throw new InterruptedError()
      progress.at(i / planned.length, method.info.name)
      try {
        profiles.push(await profileMethod(method, problemFor(method), prior, settings))
      } catch (error) {
        if (!(error instanceof UnfitError)) throw error
        unfit.push({ method: method.info.name, why: error.reason })
      }
    }
  } finally {
    progress.stop()
    truth.dispose()
    y.dispose()
  }
  if (options.json === true) return io.out(`${JSON.stringify({ bar: restBar, profiles, unfit }, null, 2)}\n`)
  const above = profiles.filter(({ rest }) => rest > restBar).length
  const told =
    above === 0
      ? `None spends more than ${100 * restBar} % outside of the prior and the operator.`
      : `* more than ${100 * restBar} % outside of the prior and the operator.`
  const left = unfit.map(({ method, why }) => `${method}: ${why}.\n`).join('')
  io.out(`${methodsMarkdown(profiles)}\n\n${told}\n${left}`)
}
