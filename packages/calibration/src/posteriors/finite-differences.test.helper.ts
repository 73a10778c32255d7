const step = 1e-5

/** Central differences of a function, good to 1e-8 of its third derivative. */
export const gradientOf = (f: (x: Float64Array) => number, x: Float64Array): Float64Array =>
  x.map((_, i) => {
    const at = (h: number) => f(x.map((value, j) => (i === j ? value + h : value)))
    return (at(step) - at(-step)) / (2 * step)
  })

/** Row i: the derivatives of component i. */
export const hessianOf = (f: (x: Float64Array) => Float64Array, x: Float64Array): number[][] =>
  Array.from(x, (_, i) => Array.from(gradientOf((at) => f(at)[i] ?? 0, x)))
