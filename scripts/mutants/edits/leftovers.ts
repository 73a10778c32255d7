import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

// Networks of noise levels as others say them: checkpoints of score_sde, schedulers of diffusers without βs.

const unet = editsOf('packages/unet/src')
const score = ['architectures/edm/score-sde'] as const
const file = unet('architectures/edm/score-sde.ts', ...score)
const names = unet('architectures/edm/score-sde-names.ts', ...score)
const structure = unet('architectures/edm/score-sde-structure.ts', ...score)
const scheduler = unet('models/level-scheduler.ts', 'models/scheduler')
const runs = editsOf('packages/runs/src')
const levels = runs('priors/levels.ts', 'priors/level-schedulers')
const trained = runs('priors/trained.ts', 'priors/level-schedulers')

export const leftoverEdits: readonly Edit[] = [
  names(
    'ncsnpp-turns',
    'out[(matrices.length * c + j) * channels + i]',
    'out[(channels * j + c) * channels + i]',
    'queries, keys and values stand one after the other',
  ),
  names(
    'ncsnpp-transposed',
    '= matrix[i * channels + c]!',
    '= matrix[c * channels + i]!',
    'matrices of the attention are taken as [out, in]',
  ),
  names(
    'ncsnpp-bias-turns',
    'into[3 * c + j] = value',
    'into[channels * j + c] = value',
    'biases of the attention stand one after the other',
  ),
  file(
    'ncsnpp-range',
    '(s) => 2 * s)',
    '(s) => s)',
    'levels of pictures in [0, 1] are taken for those of [−1, 1]',
  ),
  file(
    'ncsnpp-averages',
    ".filter((own) => own !== 'W')",
    '.filter(() => true)',
    'the list of averages has the frequencies too',
  ),
  file(
    'ncsnpp-side',
    'fromScoreSde(source: ParamSource, imageSize?: number): ParamSource {',
    'fromScoreSde(source: ParamSource, _: number | undefined, imageSize?: number): ParamSource {',
    'a side that config.json says does not count',
  ),
  structure(
    'ncsnpp-deepest',
    'const deepest = attends.at(-1)',
    'const deepest = attends[0] === undefined ? undefined : attends[0] - 1',
    'the side of its images is half of what it is',
  ),
  structure(
    'ncsnpp-filter',
    "fourier || encoderType !== 'standard' ? [1, 3, 3, 1]",
    'fourier ? [1, 3, 3, 1]',
    'NCSN++ of the VP SDE is resampled without its filter',
  ),
  structure(
    'ncsnpp-out',
    '=== levels ?',
    '> levels ?',
    'a network that adds up pictures of all levels is taken for one without',
  ),
  scheduler(
    'level-scheduler-unit',
    'sigmaMin: 2 * sigma_min, sigmaMax: 2 * sigma_max',
    'sigmaMin: sigma_min, sigmaMax: sigma_max',
    'levels of ScoreSdeVe are not brought to [−1, 1]',
  ),
  scheduler(
    'level-scheduler-v',
    "prediction === 'v_prediction' && { says: 'negative' }",
    'false',
    'v_prediction of EDM is not the negative',
    { tests: ['packages/runs/src/priors/level-schedulers'] },
  ),
  trained(
    'level-prior-data',
    '...(sigmaData === undefined ? {} : { sigmaData })',
    '',
    'sigma_data does not count',
  ),
  trained('level-prior-told', '? trained.told : 1', '? 1000 : 1', 'ScoreSdeVp is told 1000·t'),
  levels(
    'level-prior-score',
    "says === 'score' ? -told : -1",
    "says === 'score' ? -1 : -told",
    'the score is taken for the negative noise',
  ),
  levels('level-prior-below', '(level / least) ** 2', 'level / least', 'x̂₀ goes to x with the level'),
  levels('level-prior-zero', 'said.mul(level / least)', 'said', 'noise below the least level stays as large'),
]
