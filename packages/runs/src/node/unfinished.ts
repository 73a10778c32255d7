import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateTree } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, fromData, getDevice, isTensor, OptionError } from '@tweedie/tensor'
import { parseSafetensors, safetensorsToTensors, weightTypes, writeSafetensors } from '@tweedie/unet'
import * as v from 'valibot'
import type { Measured } from '../problem/problem.ts'
import type { Restoration } from '../problem/restoration.ts'
import type { InputRecord } from '../record/record.ts'
import type { PartialRun } from '../run/run-method.ts'

/** A restoration that was stopped between two steps, with all that is needed to go on. */
export interface Unfinished {
  /** The file, as the user named it. */
  readonly image: string
  readonly options: Restoration
  readonly argv: readonly string[]
  readonly measured: Measured
  readonly inputs: readonly InputRecord[]
  readonly partial: PartialRun
}

/** Writes a file of a run's folder. */
export type WriteFile = (name: string, content: string | Uint8Array) => Promise<void>

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const number = v.pipe(v.number(), v.finite('must be finite'))
const integer = v.pipe(v.number(), v.safeInteger('must be an integer below 2^53'))
const count = v.pipe(integer, v.minValue(0))
/** Anything with keys; a list, which valibot takes for such, is none. */
const object = v.custom<Readonly<Record<string, unknown>>>(
  (value) => isObject(value) && !Array.isArray(value),
  'must be an object',
)

/** What run.json of an unfinished run must hold: the file may have been edited, or be another's. */
const File = v.object({
  tool: v.literal('tweedie'),
  command: v.literal('restore'),
  argv: v.array(v.string()),
  options: v.object({
    image: v.string(),
    method: v.string(),
    preset: v.optional(v.string()),
    operator: v.string(),
    noise: v.union([v.pipe(number, v.minValue(0)), v.string()]),
    prior: v.string(),
    weights: v.optional(v.picklist(weightTypes)),
    classifier: v.optional(
      v.object({ file: v.string(), label: count, scale: v.pipe(number, v.minValue(0)) }),
    ),
    steps: v.optional(count),
    samples: v.pipe(integer, v.minValue(1), v.maxValue(64)),
    seed: count,
    set: v.optional(v.pipe(object, v.record(v.string(), v.string()))),
    measured: v.optional(v.boolean()),
    fit: v.optional(v.picklist(['pad', 'crop'])),
    channels: v.optional(v.picklist(['convert', 'keep'])),
    tile: v.optional(count),
    overlap: v.optional(count),
    depth: v.optional(v.picklist([8, 16])),
    laid: v.optional(
      v.object({
        prior: v.string(),
        shape: v.array(count),
        window: v.tuple([count, count]),
        overlap: count,
      }),
    ),
    device: v.string(),
  }),
  inputs: v.array(v.object({ file: v.string(), bytes: count, sha256: v.string() })),
  unfinished: v.object({
    next: count,
    nfe: count,
    vjps: count,
    seconds: number,
    notes: v.array(v.string()),
    trace: v.array(
      v.object({
        i: count,
        t: number,
        residual: v.array(number),
        psnr: v.optional(v.array(number)),
      }),
    ),
    /** The state's tree, its tensors replaced by their names in state.safetensors. */
    tree: object,
  }),
  /** SHA-256 of state.safetensors, and of run.json without this field. A run whose files have changed is refused. */
  fingerprints: v.object({ state: v.string(), record: v.string() }),
})

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** The fingerprint of a record: of its JSON without the fingerprints, so that white space does not matter. */
const recordFingerprint = (record: object): string =>
  sha256(JSON.stringify({ ...record, fingerprints: undefined }))

/** Whether a record is the one of a fingerprint; one that is too deep for JSON is not. */
function isUntouched(json: object, fingerprint: string): boolean {
  try {
    return recordFingerprint(json) === fingerprint
  } catch {
    return false
  }
}

/** Names the tensors of a tree; what is left is JSON. Those of float64 are few numbers, log-weights: their bytes stay in it. */
function separate(tree: unknown, name: string, tensors: Record<string, Tensor>): unknown {
  if (isTensor(tree)) {
    if (tree.dtype === 'float64') {
      const { buffer } = Float64Array.from(tree.dataSync())
      return { float64: Buffer.from(buffer).toString('base64'), shape: [...tree.shape] }
    }
    if (tree.dtype !== 'float32')
      throw new OptionError('--resumable', `a state of ${tree.dtype} cannot be saved yet`)
    tensors[name] = tree
    return { tensor: name }
  }
  if (Array.isArray(tree)) return tree.map((part, i) => separate(part, `${name}.${i}`, tensors))
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(
    Object.entries(tree).map(([key, part]) => [key, separate(part, `${name}.${key}`, tensors)]),
  )
}

const float64 = v.strictObject({ float64: v.string(), shape: v.array(number) })

function rejoin(tree: unknown, take: (name: string) => Tensor): unknown {
  if (Array.isArray(tree)) return tree.map((part) => rejoin(part, take))
  if (!isObject(tree)) return tree
  const entries = Object.entries(tree)
  const [[key, name] = []] = entries
  if (entries.length === 1 && key === 'tensor' && typeof name === 'string') return take(name)
  const wide = v.safeParse(float64, tree)
  if (wide.success) {
    const bytes = Uint8Array.from(Buffer.from(wide.output.float64, 'base64'))
    // A device without float64 has them made on this one.
    const device = getDevice().info().dtypes.includes('float64') ? getDevice() : getDevice('wasm')
    return fromData(new Float64Array(bytes.buffer), wide.output.shape, { device })
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, rejoin(part, take)]))
}

/** @throws {FileFormatError} where a tree holds no x. */
function stateOf(
  tree: Readonly<Record<string, unknown>>,
  take: (name: string) => Tensor,
  path: string,
): StateTree {
  const parts = Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, rejoin(part, take)]))
  const { x } = parts
  if (!isTensor(x)) throw new FileFormatError(path, `holds no tensor 'x' of the state`)
  return { ...parts, x }
}

/**
 * Makes sure that an interrupted run would not take the place of a finished one.
 * @throws {OptionError} where there is one.
 */
export async function refuseFinished(folder: string, name: string): Promise<void> {
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => '{"unfinished":{}}')
  if (!text.includes('"unfinished"')) {
    throw new OptionError(
      '--resumable',
      `${name} holds a finished run, which an interrupted one would replace; name another --out`,
    )
  }
}

/** Writes run.json and state.safetensors of an unfinished run. */
export async function writeUnfinished(write: WriteFile, run: Unfinished): Promise<void> {
  const { image, options, argv, measured, inputs, partial } = run
  const { state, ...rest } = partial
  const tensors: Record<string, Tensor> = { y: measured.y }
  if (measured.truth !== undefined) tensors['truth'] = measured.truth
  const unfinished = { ...rest, notes: measured.notes, tree: separate(state, 'state', tensors) }
  const bytes = writeSafetensors(tensors)
  await write('state.safetensors', bytes)
  const record = {
    tool: 'tweedie',
    format: 1,
    command: 'restore',
    argv,
    options: { image, ...options },
    inputs,
    unfinished,
    files: ['state.safetensors', 'run.json'],
  }
  const fingerprints = { state: sha256(bytes), record: recordFingerprint(record) }
  await write('run.json', `${JSON.stringify({ ...record, fingerprints })}\n`)
}

const changed = 'is not as the interrupted run left it, and would not end as that run; start it anew'

/**
 * Reads what {@link writeUnfinished} wrote; the caller owns the tensors.
 * @param name - The folder as the user named it, for messages.
 * @throws {OptionError} where the folder holds no unfinished run.
 * @throws {FileFormatError} where its state is damaged, or is not the one that was interrupted.
 */
export async function readUnfinished(folder: string, name: string): Promise<Unfinished> {
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => undefined)
  if (text === undefined) throw new OptionError('--resume', `${name} holds no run of tweedie restore`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new FileFormatError(join(name, 'run.json'), 'is not JSON')
  }
  if (isObject(json) && !('unfinished' in json)) {
    throw new OptionError('--resume', `the run in ${name} is finished, or was not started with --resumable`)
  }
  const parsed = v.safeParse(File, json)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new FileFormatError(
      join(name, 'run.json'),
      `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`,
    )
  }
  const { argv, options: all, inputs, unfinished, fingerprints } = parsed.output
  if (!isObject(json) || !isUntouched(json, fingerprints.record))
    throw new FileFormatError(join(name, 'run.json'), changed)
  const statePath = join(name, 'state.safetensors')
  const bytes = await readFile(join(folder, 'state.safetensors'))
  const stored = parseSafetensors(bytes, statePath)
  if (sha256(bytes) !== fingerprints.state) throw new FileFormatError(statePath, changed)
  const tensors = safetensorsToTensors(stored)
  const take = (key: string): Tensor => {
    const found = Object.hasOwn(tensors, key) ? tensors[key] : undefined
    if (found === undefined) throw new FileFormatError(statePath, `holds no tensor '${key}'`)
    return found
  }
  const { image, ...options } = all
  const { tree, notes, ...rest } = unfinished
  return {
    image,
    argv,
    inputs,
    options,
    measured: { y: take('y'), truth: tensors['truth'], notes },
    partial: { ...rest, state: stateOf(tree, take, statePath) },
  }
}
