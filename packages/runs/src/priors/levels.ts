import type { Schedule } from '@tweedie/solvers'
import { noiseLevel } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { TrainedOn, TrainedSchedule } from '@tweedie/unet'

type Predict = (xt: Tensor, t: number) => Tensor

/** What rounding may take a level beyond the last. */
const rounding = 1e-9
/** The least level of published VE networks, in [−1, 1]: some 2.5 grey levels of 255. */
const hardly = 0.02 * (1 + rounding)

/**
 * What a network of noise levels says, asked by a prior on a schedule: at x_t/α_t = x₀ + (σ_t/α_t)·ε, of which it is told the
 * level, in the units of [0, 1] where its pictures are in these. One that predicts `edm` has been given both by its
 * parameterisation.
 *
 * Below its least level, where that is hardly any noise, it is told the least, and taken for the score there, which
 * changes little: x̂₀ = x + σ²·score is x + (σ/least)²·(D − x), and x itself at σ = 0.
 * @throws {OptionError} from what is returned, at any other level that the network was not trained on.
 */
export function atLevels(
  name: string,
  { sigmaMin, sigmaMax }: TrainedSchedule & { kind: 'edm' },
  { predicts, says, unit = false }: TrainedOn,
  schedule: Schedule,
  predict: Predict,
): Predict {
  const checked = (level: number): number => {
    const enough = level >= sigmaMin * (1 - rounding) || sigmaMin <= hardly
    if (enough && level <= (sigmaMax ?? Infinity) * (1 + rounding)) return Math.max(level, sigmaMin)
    const range = sigmaMax === null ? `from ${sigmaMin} up` : `from ${sigmaMin} to ${sigmaMax}`
    throw new OptionError('prior', `'${name}' knows noise levels σ/α ${range}, got ${level}`)
  }
  const meant = (output: Tensor, told: number): Tensor =>
    says === undefined ? output : output.mul(says === 'score' ? -told : -1)
  if (predicts === 'edm')
    return (x, label) => {
      const told = Math.log(checked(Math.exp(4 * label))) / 4
      return meant(predict(x, told), told)
    }
  return (xt, t) => {
    const level = noiseLevel(schedule, t)
    const least = checked(level)
    const x = xt.mul(1 / schedule.alpha(t))
    const told = unit ? least / 2 : least
    const said = meant(predict(unit ? x.add(1).mul(0.5) : x, told), told)
    // Noise is in units of its own deviation.
    if (predicts === 'epsilon') return level < least ? said.mul(level / least) : said
    const clean = unit ? said.mul(2).add(-1) : said
    return level < least ? x.add(clean.sub(x).mul((level / least) ** 2)) : clean
  }
}
