import type { OptionSpec } from '@tweedie/solvers'
import { choice, ensembleSizes, number, readText } from '@tweedie/solvers'
import { weightTypes } from '@tweedie/unet'
import { InvalidArgumentError, Option } from 'commander'
import { backendNames, deviceNames } from '../device.ts'

/**
 * An option of a command line from its description: help, default, choices and reading all come from `spec`. A text
 * that does not fit ends the line that names the option with what does.
 * @param flags - As commander writes them, such as `--steps <n>`.
 */
export function specOption<T>(flags: string, spec: OptionSpec<T>): Option {
  const { doc, range, control, default: standard, otherwise } = spec
  const option = new Option(flags, otherwise === undefined ? doc : `${doc} (default: ${otherwise})`)
  if (control.kind === 'choice') option.choices(control.choices)
  if (standard !== undefined)
    option.default(standard, Array.isArray(standard) ? standard.join(',') : undefined)
  return option.argParser((text) => {
    const value = readText(spec, text)
    if (value !== undefined && spec.accepts(value)) return value
    throw new InvalidArgumentError(`It must be ${range}.`)
  })
}

/** Names, separated by commas in a text; repeats are dropped. */
export const names = (
  doc: string,
  given: { readonly default?: readonly string[]; readonly otherwise?: string } = {},
): OptionSpec<readonly string[]> => ({
  doc,
  range: 'names separated by commas',
  ...given,
  control: { kind: 'text' },
  parse: (text) => [...new Set(text.split(',').map((name) => name.trim()))],
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
})

const sigmaY = number('σ_y of the measurement', { min: 0 })

/**
 * `--noise`: σ_y, or a law of the noise with its options, such as poisson:peak=30, which is looked up later.
 * @param standard - The default, or what it is in words where it depends.
 */
export const noiseOption = (standard: number | string): Option =>
  specOption<number | string>('--noise <sigma>', {
    doc: 'σ_y of the measurement, for the data range [−1, 1], or a law such as poisson:peak=30; see `tweedie noises`',
    range: `${sigmaY.range}, or a law of noise such as poisson:peak=30`,
    ...(typeof standard === 'number' ? { default: standard } : { otherwise: standard }),
    control: { kind: 'text' },
    parse: (text) => {
      const meant = /^\s*[a-z]/i.test(text) ? text : readText(sigmaY, text)
      return typeof meant === 'number' || typeof meant === 'string' ? meant : undefined
    },
    accepts: (value): value is number | string => typeof value === 'string' || sigmaY.accepts(value),
  })

/** `--set`: settings `name=value` of a method, gathered over repeats of the option; the method checks the values. */
export const settingsOption = (): Option =>
  new Option(
    '--set <name=value>',
    'an option of the method, such as eta=1 (see `tweedie methods NAME`); may be repeated',
  ).argParser((text, former: Readonly<Record<string, string>> = {}) => {
    const [, name, value] = /^([A-Za-z]\w*)=(.+)$/.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new InvalidArgumentError('It must look like eta=0.85.')
    return { ...former, [name]: value }
  })

/** `--variant`, `--key` and `--scheduler`, on the folder that a prior is in, and `--ensemble`, on what is made of it. */
export const priorOptions = (): readonly [
  ensemble: Option,
  variant: Option,
  key: Option,
  scheduler: Option,
] => [
  new Option(
    '--ensemble <views>',
    'views of x_t, mirrored and transposed, of which the mean x̂₀ is taken: 1, 2, 4 or 8, at as many times the cost (default: 1)',
  ).argParser((text) => {
    const size = ensembleSizes.find((one) => String(one) === text)
    if (size !== undefined) return size
    throw new InvalidArgumentError(`It must be ${ensembleSizes.join(', ')}.`)
  }),
  new Option('--variant <name>', "which of the weights in the prior's folder, such as fp16 or non_ema"),
  new Option('--key <key>', "which weights of the prior's file, such as ema or state_dict"),
  new Option(
    '--scheduler <file>',
    'what the prior was trained on, where its folder does not say it: a scheduler_config.json, or such as DDPMScheduler:num_train_timesteps=1000,beta_schedule=linear,prediction_type=epsilon',
  ),
]

/** `--classifier` and `--classifier-scale`, which go with `--class`. */
export const classifierOptions = (): readonly [file: Option, scale: Option] => [
  new Option(
    '--classifier <file>',
    "weights of guided-diffusion's classifier of noisy pictures, such as 256x256_classifier.pt, which guides the prior to --class",
  ),
  specOption(
    '--classifier-scale <s>',
    number('of --classifier: 1 is the class, more makes it surer', { min: 0, max: 1000, otherwise: '1' }),
  ),
]

/** `--weights`: what those of a prior's network are kept as. */
export const weightsOption = (): Option =>
  new Option(
    '--weights <type>',
    'what the weights of a prior from files are kept as in memory (default: float32)',
  ).choices(weightTypes)

/** `--backend`, which goes with `--device gpu`. */
export const backendOption = (): Option =>
  new Option(
    '--backend <name>',
    'how --device gpu computes (default: the best that is here; webasm and cpu are gpu.js on the processor)',
  ).choices(backendNames)

/** `--device`, the same for every command that computes. */
export const deviceOption = (): Option =>
  specOption('--device <name>', choice('where to compute', deviceNames))
