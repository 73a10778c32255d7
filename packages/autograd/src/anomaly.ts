import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import { DeviceError, isFloat, TweedieError } from '@tweedie/tensor'
import { inspect } from './inspector.ts'
import type { Sparse, TapeNode } from './node.ts'

/** NaN or infinity in a derivative, or NaN in a value, with the primitive that made it and where it was called. */
export class AnomalyError extends TweedieError {
  override readonly name = 'AnomalyError'
  readonly primitive: string
  /** file:line:column of the caller outside tensor and autograd, as the engine gives it. */
  readonly site: string | undefined
  constructor(primitive: string, site: string | undefined, message: string) {
    super(`${primitive}${site === undefined ? '' : ` called at ${site}`}: ${message}`)
    this.primitive = primitive
    this.site = site
  }
}

/**
 * Runs `fn` and stops at the first recorded primitive that makes NaN out of numbers, or that turns finite
 * gradients (or tangents) into NaN or infinity, naming the primitive and the line that called it. Values
 * of −∞ and ∞ pass on the way forward: they may well be masked. An asynchronous `fn` is watched until its
 * promise settles, and so is whatever else is traced meanwhile.
 *
 * Every recorded value is read: for debugging only, and on devices whose memory the host can reach.
 * @throws {AnomalyError} which names them; {DeviceError} on a device that reads back asynchronously.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { type AnomalyError, detectAnomaly, grad } from '@tweedie/autograd'
 * const norm = (x: Tensor) => x.square().sum().sqrt()
 * try {
 *   detectAnomaly(() => grad(norm)(tensor([0, 0])))
 * } catch (error) {
 *   console.log((error as AnomalyError).primitive) // => sqrt
 * }
 * ```
 */
export function detectAnomaly<T>(fn: () => T): T {
  const done = inspect({ site: callSite, call: checkForward, pass: checkPass })
  let result: T
  try {
    result = fn()
  } catch (error) {
    done()
    throw error
  }
  if (result instanceof Promise) return result.finally(done) as T
  done()
  return result
}

/** Frames of this project's own engine, tests excepted. */
const internal = /(packages|@tweedie)\/(tensor|autograd)\/(src|dist)\/(?!.*\.test\.)/

/** The file:line:column that called into tensor or autograd, where the engine tells. */
function callSite(): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 100
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = stackTraceLimit
  const frame = frames.find(
    (line) => /:\d+:\d+\)?$/.test(line) && !internal.test(line) && !line.includes('node:'),
  )
  return frame?.match(/(?:file:\/\/)?([^\s(]+:\d+:\d+)\)?$/)?.[1]
}

type Kind = 'NaN' | 'infinity'

/** The worst that a tensor holds. */
function flaw(x: Tensor): Kind | undefined {
  if (!isFloat(x.dtype)) return undefined
  if (x.device.hostView === undefined) {
    throw new DeviceError(
      `detectAnomaly: the device '${x.device.name}' reads back asynchronously; use 'reference' or 'wasm'`,
    )
  }
  let worst: Kind | undefined
  for (const value of x.dataSync()) {
    if (Number.isNaN(value)) return 'NaN'
    if (!Number.isFinite(value)) worst = 'infinity'
  }
  return worst
}

/** Stops at a primitive that makes NaN out of inputs without. */
function checkForward(primitive: PrimitiveName, inputs: readonly Tensor[], out: Tensor): void {
  if (flaw(out) !== 'NaN' || inputs.some((x) => flaw(x) === 'NaN')) return
  throw new AnomalyError(primitive, callSite(), 'its value has NaN, its inputs have none')
}

/** Stops at a node that makes NaN or infinity out of what arrived finite. */
function checkPass(
  node: TapeNode,
  direction: 'backward' | 'forward',
  arriving: Sparse,
  leaving: Sparse,
): void {
  const [what, from, to] =
    direction === 'backward' ? ['gradient', 'result', 'input'] : ['tangent', 'input', 'result']
  const find = (xs: Sparse) => {
    const flaws = xs.map((x) => x && flaw(x))
    const at = flaws.findIndex((kind) => kind !== undefined)
    return at < 0 ? undefined : { at, kind: flaws[at]! }
  }
  const bad = find(leaving)
  if (bad === undefined) return
  const before = find(arriving)
  throw new AnomalyError(
    node.name,
    node.site,
    before === undefined
      ? `the ${what} of ${to} ${bad.at} has ${bad.kind}, though what arrived was finite`
      : `the ${what} of ${from} ${before.at} arrived with ${before.kind}: it was put in from outside`,
  )
}
