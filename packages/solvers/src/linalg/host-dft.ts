import type { HostComplex } from './complex.ts'

/** e^{2πi·turn/n} for an integer turn, exact in quarters of a circle. */
export function unitRoot(turn: number, n: number): readonly [re: number, im: number] {
  const at = ((turn % n) + n) % n
  if ((4 * at) % n === 0) {
    const quarter = (4 * at) / n
    return [[1, 0, -1, 0][quarter] ?? 0, [0, 1, 0, -1][quarter] ?? 0]
  }
  const angle = (2 * Math.PI * at) / n
  return [Math.cos(angle), Math.sin(angle)]
}

function leastFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p
  return n
}

/**
 * Σ_j e^{sign·2πi jk/n} x_j, by decimation for every prime factor of n (Cooley & Tukey 1965).
 * @param roots - e^{sign·2πi t/N}, t = 0 … N−1, for a multiple N of n.
 */
function transformed(x: HostComplex, roots: HostComplex): HostComplex {
  const n = x.re.length
  if (n === 1) return x
  const p = leastFactor(n)
  const m = n / p
  const step = roots.re.length / n
  const parts = Array.from({ length: p }, (_, r) => {
    const every = (values: Float64Array) => Float64Array.from({ length: m }, (_, j) => values[p * j + r]!)
    return transformed({ re: every(x.re), im: every(x.im) }, roots)
  })
  const [re, im] = [new Float64Array(n), new Float64Array(n)]
  for (const [r, part] of parts.entries()) {
    for (let k = 0; k < n; k++) {
      const at = ((r * k) % n) * step
      const [c, s, a, b] = [roots.re[at]!, roots.im[at]!, part.re[k % m]!, part.im[k % m]!]
      re[k]! += a * c - b * s
      im[k]! += a * s + b * c
    }
  }
  return { re, im }
}

function rootsOf(n: number, sign: 1 | -1): HostComplex {
  const roots = Array.from({ length: n }, (_, t) => unitRoot(sign * t, n))
  return { re: Float64Array.from(roots, ([re]) => re), im: Float64Array.from(roots, ([, im]) => im) }
}

/**
 * The transform of `dft2` of one image of complex numbers on the host, in double precision; with `sign` 1 its inverse. For
 * what is worked out once, such as a transfer function.
 */
export function hostDft2(
  { re, im }: HostComplex,
  height: number,
  width: number,
  sign: 1 | -1 = -1,
): HostComplex {
  const out = { re: re.slice(), im: im.slice() }
  const along = (n: number, lines: number, at: (line: number, j: number) => number) => {
    const roots = rootsOf(n, sign)
    for (let line = 0; line < lines; line++) {
      const read = (values: Float64Array) => Float64Array.from({ length: n }, (_, j) => values[at(line, j)]!)
      const done = transformed({ re: read(out.re), im: read(out.im) }, roots)
      for (let k = 0; k < n; k++) {
        out.re[at(line, k)] = done.re[k]! / Math.sqrt(n)
        out.im[at(line, k)] = done.im[k]! / Math.sqrt(n)
      }
    }
  }
  along(width, height, (line, j) => line * width + j)
  along(height, width, (line, j) => j * width + line)
  return out
}
