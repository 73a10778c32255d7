import type { OptionSpec } from '@tweedie/solvers'
import { formatValue } from '@tweedie/solvers'
import { fields } from './config.ts'
import { dataSpecs } from './data-options.ts'

/** What a field of a configuration does, and what holds where it is left out. */
interface FieldDoc {
  readonly doc: string
  readonly otherwise: string
}

/** Of every field of {@link fields}. */
const docs: Readonly<Record<string, FieldDoc>> = {
  predicts: {
    doc: 'what the network says of x_t: `epsilon`, `x0`, `v`, `edm`, `flow` or `velocity`',
    otherwise: '`epsilon`; of noise levels `edm`, of an autoencoder `x0`',
  },
  steps: { doc: 'optimiser steps in all', otherwise: 'must be given' },
  batch: { doc: 'samples per step', otherwise: '64' },
  shards: {
    doc: 'equal parts of a batch whose gradients are computed apart and added in order; the most threads that can help',
    otherwise: '4',
  },
  seed: { doc: 'of the parameters, the order of the images, times, noise and crops', otherwise: '0' },
  timesteps: {
    doc: 'T: times are drawn from 0 … T−1, or noise levels from T of them',
    otherwise: '1000; of an autoencoder 1',
  },
  noiseLevels: {
    doc: 'for x = x₀ + σ·ε: `min` and `max` of σ, with `logMean` and `logStd` of log σ or else uniform in it',
    otherwise: "DDPM's linear schedule",
  },
  path: {
    doc: 'the path from noise to data: `straight`, that of flow matching, on which any `predicts` will do but `edm`',
    otherwise: "DDPM's linear schedule",
  },
  weighting: {
    doc: 'what an error at each noise level weighs: `output`, `x0`, `epsilon` or `min-snr`',
    otherwise: 'all the same, `output`',
  },
  greyPart: {
    doc: 'of networks of three channels: the part of samples that they are shown in grey',
    otherwise: '0',
  },
  stratified: {
    doc: 'one time in each of `batch` equal parts of 0 … T−1, instead of independent ones',
    otherwise: 'true',
  },
  learningRate: { doc: 'peak of the learning rate of Adam', otherwise: '0.002' },
  warmup: { doc: 'steps over which it rises from 0', otherwise: 'a twentieth of the steps, at most 300' },
  decay: { doc: 'how it falls to 0: `cosine` or `linear`; `constant` stays', otherwise: '`cosine`' },
  decaySteps: { doc: 'steps over which it falls, at the end', otherwise: 'all after the warm-up' },
  beta1: { doc: 'of Adam', otherwise: '0.9' },
  beta2: { doc: 'of Adam', otherwise: '0.99' },
  epsilon: { doc: 'of Adam', otherwise: '1e-8' },
  clipNorm: { doc: 'gradients are scaled down to this norm', otherwise: '1' },
  emaDecay: { doc: 'decay of the averaged parameters, which become the model', otherwise: '0.995' },
  labelDrop: {
    doc: 'of networks that are told classes: how often the label is that of none, the last class',
    otherwise: 'must be given for such',
  },
  latentNoise: {
    doc: 'of an autoencoder: standard deviation of the noise that the decoder meets',
    otherwise: '0.1',
  },
  latentPenalty: { doc: 'of an autoencoder: weight of the mean square of latents', otherwise: '0.001' },
  labelWeight: {
    doc: 'of an autoencoder that tells classes: weight of the cross entropy',
    otherwise: '0.01',
  },
}

/** Of the fields that are no part of {@link fields}. */
const around: Readonly<Record<string, FieldDoc>> = {
  model: {
    doc: 'the network: a `config.json` of any that is known here, or fields of ours with its `architecture`',
    otherwise: 'must be given',
  },
  data: {
    doc: 'where the images are, a path from the folder of this file, or an object: see above',
    otherwise: '`--data`',
  },
  initFrom: {
    doc: 'a checkpoint to begin with, as `--init-from`; a path from the folder of this file',
    otherwise: 'fresh parameters',
  },
}

const row = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map(row).join('\n')

/** The fields of a configuration file, as a table in Markdown. @throws {Error} for one without a doc. */
export function fieldTable(): string {
  const all = ['model', ...Object.keys(fields), 'data', 'initFrom'].map((name) => {
    const doc = docs[name] ?? around[name]
    if (doc === undefined) throw new Error(`the field ${name} has no doc in field-docs.ts`)
    return [`\`${name}\``, doc.doc, doc.otherwise]
  })
  return tableOf(['field', 'what', 'left out'], all)
}

const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

const standard = ({ default: value, otherwise }: OptionSpec<unknown>) =>
  value === undefined ? (otherwise ?? '–') : formatValue(value)

/** The fields of `data`, which are options of the command line as well, as a table in Markdown. */
export const dataTable = (): string =>
  tableOf(
    ['field of `data`', 'option', 'what', 'left out'],
    [
      ['`path`', '`--data`', 'a folder of pictures, an npz or npy file, or IDX files', 'must be given'],
      ['`testSet`', '`--no-test-set`', 'false: there need be no images to evaluate on', 'true'],
      ...Object.entries<OptionSpec<unknown>>(dataSpecs).map(([name, spec]) => [
        `\`${name}\``,
        `\`${flagOf(name)}\``,
        spec.control.kind === 'flag' ? spec.doc : `${spec.doc}: ${spec.range}`,
        standard(spec),
      ]),
    ],
  )
