import type { Schedule } from '@tweedie/solvers'
import { noiseLevel } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { TrainedOn, TrainedSchedule } from '@tweedie/unet'

type Predict = (xt: Tensor, t: number) => Tensor

/** What rounding may take a level beyond the last. */
const rounding = 1e-9
/** Half a grey level of 255, in [−1, 1]. */
const hardly = 1 / 255

/**
 * What a network of noise levels says, asked by a prior on a schedule: at x_t/α_t = x₀ + (σ_t/α_t)·ε, of which it is told the
 * level, in the units of [0, 1] where its pictures are in these. One that predicts `edm` has been given both by its
 * parameterisation. Below its least level, where that is hardly any noise, it is told the least.
 * @throws {OptionError} from what is returned, at any other level that the network was not trained on.
 */
export function atLevels(
  name: string,
  { sigmaMin, sigmaMax }: TrainedSchedule & { kind: 'edm' },
  { predicts, unit = false }: TrainedOn,
  schedule: Schedule,
  predict: Predict,
): Predict {
  const checked = (level: number): number => {
    const enough = level >= sigmaMin * (1 - rounding) || sigmaMin <= hardly
    if (enough && level <= (sigmaMax ?? Infinity) * (1 + rounding)) return Math.max(level, sigmaMin)
    const range = sigmaMax === null ? `from ${sigmaMin} up` : `from ${sigmaMin} to ${sigmaMax}`
    throw new OptionError('prior', `'${name}' knows noise levels σ/α ${range}, got ${level}`)
  }
  if (predicts === 'edm') return (x, label) => predict(x, Math.log(checked(Math.exp(4 * label))) / 4)
  return (xt, t) => {
    const level = checked(noiseLevel(schedule, t))
    const x = xt.mul(1 / schedule.alpha(t))
    if (!unit) return predict(x, level)
    return predict(x.add(1).mul(0.5), level / 2)
      .mul(2)
      .add(-1)
  }
}
