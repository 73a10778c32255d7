import type { Tensor } from '@tweedie/tensor'
import { fromData, reshape, sizeOf, slice } from '@tweedie/tensor'
import type { ParamSpec, Params } from '../params.ts'
import { countParams, param } from '../params.ts'

/** Parameters as views of one vector that holds them all, in the order of the spec. */
export function unflatten(spec: ParamSpec, flat: Tensor): Params {
  const params: Record<string, Tensor> = {}
  let at = 0
  for (const [name, shape] of Object.entries(spec)) {
    const size = sizeOf(shape)
    params[name] = reshape(slice(flat, [at, at + size]), shape)
    at += size
  }
  return params
}

/** The elements of all parameters one after the other, in the order of the spec. */
export function flatten(
  spec: ParamSpec,
  params: Params,
  out: Float32Array = new Float32Array(countParams(spec)),
): Float32Array {
  let at = 0
  for (const name of Object.keys(spec)) {
    const values = param(params, name).dataSync()
    out.set(values, at)
    at += values.length
  }
  return out
}

/** Parameters on the default device, each with memory of its own, from a vector of all. */
export function paramsFromVector(spec: ParamSpec, values: Float32Array): Params {
  const params: Record<string, Tensor> = {}
  let at = 0
  for (const [name, shape] of Object.entries(spec)) {
    const size = sizeOf(shape)
    params[name] = fromData(values.subarray(at, at + size), shape)
    at += size
  }
  return params
}
