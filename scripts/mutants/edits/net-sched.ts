import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

// What a pipeline says beside its weights: schedules of noise, grids, steps, limits, layouts of folders.

const solvers = editsOf('packages/solvers/src')
const unet = editsOf('packages/unet/src')
const sample = editsOf('packages/cli/src')('commands/sample/pipeline.ts', 'commands/sample/pipeline')

/** The trajectories of diffusers. */
const byPaths = inside('packages/runs/src', 'priors/diffusers')

const sampler = solvers('samplers/pipeline.ts')
const times = solvers('schedules/pipeline-times.ts', 'schedules/pipeline-times')
const zero = solvers('schedules/zero-snr.ts', 'schedules/zero-snr')
const limit = solvers('priors/limit.ts', 'priors/pipeline-prior')
const prior = solvers('priors/pipeline-prior.ts', 'priors/pipeline-prior')
const betas = solvers('schedules/beta-schedules.ts', 'schedules/beta-schedules')
const scheduler = unet('models/scheduler.ts', 'models/scheduler')
const schedulerFields = unet('models/scheduler-fields.ts', 'models/scheduler')
const told = unet('models/told-scheduler.ts', 'models/layouts')
const pipeline = unet('models/pipeline.ts', 'models/layouts', 'models/model')
const model = unet('models/model.ts', 'models/layouts', 'models/model')
const names = unet('checkpoint/weight-names.ts', 'models/layouts')
const weights = unet('checkpoint/weights.ts', 'models/layouts')

const steps: readonly Edit[] = [
  sampler(
    'sched-ddim-epsilon',
    '[(-kept * alpha) / sigma, unlimited]',
    '[(-kept * alpha) / sigma, x0hat]',
    "DDIM's ε is that of the limited x̂₀",
    byPaths,
  ),
  sampler(
    'sched-ddim-root',
    'eta * sigmaS * Math.sqrt',
    'eta ** 2 * sigmaS * Math.sqrt',
    'η² in place of η',
    byPaths,
  ),
  sampler('sched-last-draw', 'at.t > 0 ?', 'at.s > 0 ?', 'the last step does not draw', byPaths),
  sampler('sched-large', 'z.mul(Math.sqrt(large))', 'z.mul(large)', 'β in place of √β', byPaths),
  sampler(
    'sched-learned',
    'z.mul(v().sqrt())',
    'z.mul(v())',
    'the learned variance is taken for its root',
    byPaths,
  ),
  sampler(
    'sched-start',
    ', startScale: 1 }',
    ' }',
    'the start is σ_T·z',
    inside('packages/solvers/src', 'samplers/pipeline'),
  ),
  sampler(
    'sched-variance-told',
    '...(variance && { variance })',
    '',
    'the variance that is asked for is ignored',
    inside('packages/solvers/src', 'samplers/pipeline'),
  ),
  times('sched-stride', 'Math.floor(T / steps)', 'Math.round(T / steps)', 'the stride is rounded'),
  times('sched-offset', "spacing === 'leading' && steps > 1 ? offset : 0", 'offset', 'all times are moved'),
  times(
    'sched-ddpm-end',
    "previous === 'stride' && last === 'index-0'",
    "last === 'index-0'",
    'DDPM ends in noise',
  ),
  times('sched-one-step', 'steps === 1 ? [T - 1] : ', '', 'one step looks at the clean end'),
  zero(
    'sched-zero-first',
    '(schedule.alpha(i) - last) * first',
    'schedule.alpha(i) - last',
    '√ᾱ of index 0 moves',
  ),
  zero(
    'sched-zero-inverse',
    '1 / Math.sqrt(1 + level ** 2) / slope',
    '1 / (1 + level) / slope',
    'a level is α of another',
  ),
  zero(
    'sched-zero-sigma',
    'Math.sqrt(1 - alpha(t) ** 2) : before.sigma(t)',
    '1 - alpha(t) : before.sigma(t)',
    'σ is 1 − α',
  ),
  limit('sched-quantile', '(at - low) * (above - below)', '0', 'a quantile is one of the values'),
  limit(
    'sched-quantile-least',
    'Math.max(quantile(sample, ratio), 1)',
    'quantile(sample, ratio)',
    'small samples are stretched',
  ),
  limit(
    'sched-quantile-batch',
    'i * size, (i + 1) * size',
    '0, size',
    'all samples have the quantile of the first',
  ),
  limit('sched-quantile-absolute', ', Math.abs)', ')', 'the quantile is that of the signed values'),
  prior(
    'sched-limit-told',
    'x0hat: limited(said.unlimited, limit)',
    'x0hat: limited(said.x0hat, limit)',
    'limits add up',
  ),
  betas('sched-laplace', 'u > 0.5 ? 0.5 : -0.5', 'u > 0.5 ? -0.5 : 0.5', 'λ has the other sign'),
  betas('sched-cap', 'Math.fround(0.999)', '0.9995', 'another largest β'),
]

const files: readonly Edit[] = [
  editsOf('packages/runs/src')('priors/trained.ts', 'priors')(
    'sched-flow-time',
    't * scale',
    't',
    'a network of flow matching is told σ in place of σ·T',
  ),
  scheduler('sched-clip-and-threshold', '!thresholding && read', 'read', 'x̂₀ is clipped beside its quantile'),
  scheduler(
    'sched-last',
    "'set_alpha_to_one') === false ?",
    "'set_alpha_to_one') === true ?",
    'the last step goes elsewhere',
  ),
  scheduler('sched-log', "fixed_large_log: 'large'", "fixed_large_log: 'small'", 'the log of β is that of β̃'),
  scheduler(
    'sched-old-flag',
    "old ? 'epsilon' : 'sample'",
    "old ? 'sample' : 'epsilon'",
    'predict_epsilon is turned',
  ),
  scheduler('sched-zero', "read<boolean>('rescale_betas_zero_snr') ?? false", 'false', 'zero SNR is ignored'),
  scheduler('sched-not-used', 'inert(value)', 'true', 'what is not used is not told'),
  schedulerFields(
    'sched-unknown',
    "if (key.startsWith('_')) continue",
    'continue',
    'unknown fields are ignored',
  ),
  told('sched-python', "found.startsWith('\"') ? found : `", 'false ? found : `', 'texts are quoted twice'),
  told(
    'sched-class',
    'saidByScheduler({ ...objectOf(path, fields), _class_name: name }, path)',
    'saidByScheduler(fields, path)',
    "the pipeline's class is ignored",
  ),
  told('sched-word', "word === 'true'", "word === 'false'", 'true is false', { nth: 1 }),
  pipeline('sched-main', 'name === meant', 'name !== meant', 'any snapshot but main'),
  pipeline(
    'sched-pipeline-class',
    'Object.hasOwn(other, known)',
    'false',
    'pipelines that ask otherwise are taken',
  ),
  model(
    'sched-record-wins',
    "join(directory, 'record.json'),\n    join(directory, 'scheduler_config.json'),",
    "join(directory, 'scheduler_config.json'),\n    join(directory, 'record.json'),",
    'the scheduler wins over the record',
  ),
  model('sched-told', 'toldTraining(directory, choices) ??', '', 'what the user tells is ignored'),
  names(
    'sched-shard',
    '(?:\\.[\\w-]+)?\\.(?:safetensors|bin)$/.test',
    '\\.(?:safetensors|bin)$/.test',
    'shards of a variant are taken for files of weights',
  ),
  names('sched-state', 'state|optimizer', 'optimizer', 'the state of a training is taken for weights'),
  weights('sched-variant', 'one.variant === variant', 'one.variant !== variant', 'another variant is taken'),
  weights('sched-dangling', '!existsSync(path)', 'false', 'a link to nothing is opened'),
  sample(
    'sched-spacing-told',
    'spacing: spacing ?? pipeline.grid.spacing',
    'spacing: pipeline.grid.spacing',
    '--spacing is ignored',
  ),
  sample(
    'sched-clip-none',
    "clip === 'none' ? undefined : clip",
    "clip === 'none' ? { kind: 'clip', range: 1 } : clip",
    '--clip none clips',
  ),
]

export const netSchedEdits: readonly Edit[] = [...steps, ...files]
