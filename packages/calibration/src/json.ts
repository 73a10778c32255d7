import * as v from 'valibot'

/** A number that JSON can hold: 1e999 is read as ∞, which is none. */
export const number = v.pipe(v.number(), v.finite('must be finite'))
/** 0, 1, 2, … */
export const count = v.pipe(v.number(), v.safeInteger('must be an integer below 2^53'), v.minValue(0))

const isObject = (given: unknown) => typeof given === 'object' && given !== null && !Array.isArray(given)

/** An object of any keys; a list, which valibot takes for one, is none. */
export const record = <T>(values: v.GenericSchema<unknown, T>) =>
  v.pipe(v.custom<unknown>(isObject, 'must be an object'), v.record(v.string(), values))

/** Why a text could not be read as JSON of a shape: the first field that does not fit. */
export function reason(error: unknown): string {
  if (!v.isValiError(error)) return String(error)
  const [issue] = error.issues
  return `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`
}
