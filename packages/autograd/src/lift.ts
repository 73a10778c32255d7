const asyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new () => unknown
const known = new WeakSet<object>()

/** Whether a function is declared `async`, or is a transform of one that is. */
export const isAsync = (f: object): boolean => f instanceof asyncFunction || known.has(f)

/** Says of a transform of f that it returns a promise where f does. */
export function asyncLike<F extends object>(f: object, transform: F): F {
  if (isAsync(f)) known.add(transform)
  return transform
}

/** Applies `then` to a value now, or to a promise's value once it is there. */
export const chain = <T, U>(value: T | Promise<T>, then: (value: T) => U): U | Promise<U> =>
  value instanceof Promise ? value.then(then) : then(value)
