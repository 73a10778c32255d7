import { createHash } from 'node:crypto'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import { readSafetensors, writeAtomically } from '../checkpoint/file.ts'
import { encodeSafetensors } from '../checkpoint/write.ts'
import { isRecord } from '../fields.ts'
import { countParams } from '../params.ts'
import type { Arithmetic } from './arithmetic.ts'
import type { RunIdentity } from './run-difference.ts'
import { runDifference } from './run-difference.ts'
import type { TrainState } from './train.ts'

const vectors = ['params', 'ema', 'mean', 'square'] as const
const format = 'tweedie-train-state'
const version = '2'

/** What a state was computed with; several settings, in order, where the training continued under others. */
export interface Provenance {
  readonly arithmetic: readonly Arithmetic[]
  /** Version of Node; for information. */
  readonly node: string
}

/** Saves a training state as float32 safetensors with a checksum, whole or not at all. */
export function saveTrainState(
  path: string,
  state: TrainState,
  identity: RunIdentity,
  provenance: Provenance,
): void {
  const tensors = Object.fromEntries(
    vectors.map((name) => [name, { shape: [state[name].length], values: state[name] }]),
  )
  const facts = {
    format,
    version,
    step: String(state.step),
    lossAverage: String(state.lossAverage),
    identity: JSON.stringify(identity),
    provenance: JSON.stringify(provenance),
  }
  const metadata = { ...facts, sha256: checksum(facts, state) }
  try {
    writeAtomically(path, encodeSafetensors(tensors, { metadata }))
  } catch (error) {
    // A full disk is reported for an open file, which has no name.
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
}

/** SHA-256 over the metadata by name and the values of the vectors. */
function checksum(
  facts: Readonly<Record<string, string>>,
  state: Pick<TrainState, (typeof vectors)[number]>,
): string {
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(facts).sort()))
  for (const name of vectors) {
    const { buffer, byteOffset, byteLength } = state[name]
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}

const isIdentity = (value: unknown): value is RunIdentity =>
  isRecord(value) &&
  isRecord(value['config']) &&
  isRecord(value['config']['model']) &&
  isRecord(value['images']) &&
  Number.isSafeInteger(value['images']['count']) &&
  typeof value['images']['sha256'] === 'string'

const isArithmetic = (value: unknown): value is Arithmetic =>
  isRecord(value) && Object.values(value).every((setting) => typeof setting === 'string')

const isProvenance = (value: unknown): value is Provenance =>
  isRecord(value) &&
  Array.isArray(value['arithmetic']) &&
  value['arithmetic'].length > 0 &&
  value['arithmetic'].every(isArithmetic) &&
  typeof value['node'] === 'string'

/**
 * Reads a training state back, bit for bit, and what it was computed with.
 * @throws {FileFormatError} for a damaged file, one that is no training state, or one of an older format.
 * @throws {OptionError} where it belongs to another run: the message names the first field that differs.
 *   The number of steps and the decay may change as long as no step already done would have had another
 *   learning rate.
 */
export function loadTrainState(
  path: string,
  identity: RunIdentity,
): { state: TrainState; provenance: Provenance } {
  const file = readSafetensors(path)
  const { sha256, ...facts } = file.metadata
  const damaged = (what: string) =>
    new FileFormatError(path, `is damaged: ${what}; start anew in another folder`)
  if (facts['format'] !== format) throw new FileFormatError(path, 'is no training state')
  if (facts['version'] !== version) {
    throw new FileFormatError(
      path,
      `is a training state of format ${facts['version']}, this is for format ${version}: finish it with the version of tweedie that began it, or start anew in another folder`,
    )
  }
  const [params, ema, mean, square] = vectors.map((name) => {
    const values = file.values(name)
    return values instanceof Float32Array ? values : Float32Array.from(values)
  }) as [Float32Array, Float32Array, Float32Array, Float32Array]
  if (checksum(facts, { params, ema, mean, square }) !== sha256) throw damaged('its checksum does not fit')

  const [stepText = '', averageText = ''] = [facts['step'], facts['lossAverage']]
  if (!/^(0|[1-9]\d{0,15})$/.test(stepText)) throw damaged(`step '${stepText}' makes no sense`)
  if (!/^(NaN|\d+(\.\d+)?(e[+-]\d+)?)$/.test(averageText)) throw damaged('lossAverage makes no sense')
  const step = Number(stepText)
  const [saved, provenance] = [json(facts['identity']), json(facts['provenance'])]
  if (!isIdentity(saved)) throw damaged('it does not say which run it belongs to')
  if (!isProvenance(provenance)) throw damaged('it does not say what it was computed with')
  if (step > identity.config.steps) {
    throw new OptionError(
      'steps',
      `${path} has done ${step} steps already, which is more than ${identity.config.steps}`,
    )
  }
  const difference = runDifference(saved, JSON.parse(JSON.stringify(identity)) as RunIdentity, step)
  if (difference !== undefined)
    throw new OptionError('resume', `${path} belongs to another run: ${difference}`)
  const size = countParams(architectureOf(identity.config.model).spec(identity.config.model))
  for (const { length } of [params, ema, mean, square]) {
    if (length !== size) throw damaged(`a vector has ${length} elements, the model has ${size}`)
  }
  return { state: { step, params, ema, mean, square, lossAverage: Number(averageText) }, provenance }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
