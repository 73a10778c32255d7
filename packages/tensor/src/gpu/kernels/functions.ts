/*
 * Functions that kernels call, in gpu.js's language. Its own Math.expm1, log1p and tanh lose accuracy or overflow on
 * some backends; Math.sin and cos have an absolute error of 2^-11 by the rules of the shading languages; Math.exp and
 * log may make a number of NaN; and comparisons with NaN are only reliable when written with == and <.
 */

/** A function of floats. */
export interface KernelFunction {
  readonly source: string
  readonly argumentTypes: Readonly<Record<string, string>>
  readonly returnType: string
}

const float = (source: string, ...names: readonly string[]): KernelFunction => ({
  source,
  argumentTypes: Object.fromEntries(names.map((name) => [name, 'Number'])),
  returnType: 'Number',
})

const integer = (source: string, ...names: readonly string[]): KernelFunction => ({
  source,
  argumentTypes: Object.fromEntries(names.map((name) => [name, 'Integer'])),
  returnType: 'Integer',
})

/** Σ x^k / k! for k from 1, in Horner's form. */
const exponentialSeries = (x: string, terms: number): string => {
  let text = '1'
  for (let k = terms; k > 1; k--) text = `1 + ${x} * ${1 / k} * (${text})`
  return `${x} * (${text})`
}

/** 2 Σ s^k / k over odd k, in Horner's form on s². */
const areaTangentSeries = (s: string, square: string, terms: number): string => {
  let text = `${1 / (2 * terms - 1)}`
  for (let k = terms - 1; k >= 1; k--) text = `${1 / (2 * k - 1)} + ${square} * (${text})`
  return `2 * ${s} * (${text})`
}

/** π/2 as a sum of parts with few bits each, so that whole multiples of the first ones are exact floats. */
function halfPiParts(): number[] {
  let rest = Math.PI / 2
  const parts = [7, 18, 29].map((bits) => {
    const part = Math.round(rest * 2 ** bits) / 2 ** bits
    rest -= part
    return part
  })
  return [...parts, rest]
}

/** x less k·π/2. */
const lessQuarterTurns = halfPiParts().reduce((text, part) => `(${text} - k * ${part})`, 'x')

export const floatFunctions: readonly KernelFunction[] = [
  float(
    // The sine of x + shift quarter turns; x is reduced to within an eighth turn of a multiple of π/2.
    `function sineOf(x, shift) {
      const k = Math.floor(x * ${2 / Math.PI} + 0.5);
      const t = ${lessQuarterTurns};
      const q = t * t;
      const turn = k + shift - 4 * Math.floor((k + shift) * 0.25);
      let r = t * (1 - q * (${1 / 6} - q * (${1 / 120} - q * (${1 / 5040} - q * ${1 / 362880}))));
      if (turn === 1 || turn === 3) {
        r = 1 - q * (0.5 - q * (${1 / 24} - q * (${1 / 720} - q * (${1 / 40320} - q * ${1 / 3628800}))));
      }
      if (turn > 1) { r = -r; }
      return r;
    }`,
    'x',
    'shift',
  ),
  float('function expOf(x) { let r = Math.exp(x); if (!(x === x)) { r = x; } return r; }', 'x'),
  float(
    `function logOf(x) {
      let r = Math.log(x);
      if (x < 0) { r = Math.sqrt(x); }
      if (x > 3.4028234663852886e38) { r = x; }
      if (!(x === x)) { r = x; }
      return r;
    }`,
    'x',
  ),
  float(
    `function expm1Of(x) {
      let r = expOf(x) - 1;
      if (Math.abs(x) < 0.5) { r = ${exponentialSeries('x', 10)}; }
      return r;
    }`,
    'x',
  ),
  float(
    `function log1pOf(x) {
      let r = logOf(1 + x);
      if (x > -0.5 && x < 1) {
        const s = x / (2 + x);
        const q = s * s;
        r = ${areaTangentSeries('s', 'q', 9)};
      }
      return r;
    }`,
    'x',
  ),
  float(
    `function tanhOf(x) {
      const a = Math.abs(x);
      const e = expm1Of(2 * a);
      let r = e / (e + 2);
      if (a > 10) { r = 1; }
      if (x < 0) { r = -r; }
      return r;
    }`,
    'x',
  ),
  float(
    `function sigmoidOf(x) {
      const e = expOf(-Math.abs(x));
      let r = 1 / (1 + e);
      if (x < 0) { r = e / (1 + e); }
      return r;
    }`,
    'x',
  ),
  float(
    `function siluOf(x) {
      let r = x * sigmoidOf(x);
      if (x < -104) { r = 0; }
      return r;
    }`,
    'x',
  ),
  float(
    `function siluSlopeOf(x) {
      const s = sigmoidOf(x);
      let r = s * (1 + x * (1 - s));
      if (x < -104) { r = 0; }
      if (x > 104) { r = 1; }
      return r;
    }`,
    'x',
  ),
  float(
    // Below 2.5 the series 2/√π e^(−z²) Σ 2ⁿ z^(2n+1)/(2n+1)!!, above it the continued fraction of 1 − erf.
    `function erfOf(x) {
      const z = Math.abs(x);
      let r = 1;
      if (z < 2.5) {
        let term = z;
        let total = z;
        for (let n = 1; n < 31; n++) {
          term = term * 2 * z * z / (2 * n + 1);
          total = total + term;
        }
        r = 1.1283791670955126 * Math.exp(-z * z) * total;
      } else if (z < 6) {
        let fraction = 0;
        for (let n = 0; n < 24; n++) { fraction = (12 - 0.5 * n) / (z + fraction); }
        r = 1 - 0.5641895835477563 * Math.exp(-z * z) / (z + fraction);
      }
      if (x < 0) { r = -r; }
      if (!(x === x)) { r = x; }
      return r;
    }`,
    'x',
  ),
  float(
    `function powerOf(x, y) {
      let r = Math.pow(Math.abs(x), y);
      if (x < 0) {
        if (Math.floor(y) === y) {
          if (!(Math.floor(y * 0.5) === y * 0.5)) { r = -r; }
        } else {
          r = Math.sqrt(x);
        }
      }
      if (!(x === x)) { r = x; }
      if (!(y === y)) { r = y; }
      if (y === 0 || x === 1) { r = 1; }
      if (x === -1 && (y < -1e38 || y > 1e38)) { r = 1; }
      return r;
    }`,
    'x',
    'y',
  ),
]

/**
 * idiv(a, b) = ⌊a / b⌋ and imod for 0 ≤ a < 2^28, b > 0, and whole(x), a float that is a whole number as an integer, where the language divides floats only. The float quotient of
 * large numbers may be off by more than one, so what it leaves over is divided again, and that result corrected by one.
 */
export const integerFunctions: readonly KernelFunction[] = [
  integer('function quotientOf(a, b) { return Math.floor(a / b); }', 'a', 'b'),
  integer(
    `function correctedOf(a, b, q) {
      if (a - q * b < 0) { return q - 1; }
      if (a - q * b >= b) { return q + 1; }
      return q;
    }`,
    'a',
    'b',
    'q',
  ),
  integer(
    `function againOf(a, b, q) {
      return q + correctedOf(a - q * b, b, quotientOf(a - q * b, b));
    }`,
    'a',
    'b',
    'q',
  ),
  integer('function idiv(a, b) { return againOf(a, b, quotientOf(a, b)); }', 'a', 'b'),
  integer('function imod(a, b) { return a - idiv(a, b) * b; }', 'a', 'b'),
  {
    source: 'function whole(x) { return Math.floor(x); }',
    argumentTypes: { x: 'Number' },
    returnType: 'Integer',
  },
]

const pair = { argumentTypes: { a: 'Integer', b: 'Integer' }, returnType: 'Integer' }

/** The same where the shading language divides integers. */
export const glslFunctions: readonly (KernelFunction & { readonly name: string })[] = [
  { name: 'idiv', source: 'int idiv(int a, int b) { return a / b; }', ...pair },
  { name: 'imod', source: 'int imod(int a, int b) { return a - (a / b) * b; }', ...pair },
  {
    name: 'whole',
    source: 'int whole(float x) { return int(x); }',
    argumentTypes: { x: 'Number' },
    returnType: 'Integer',
  },
]
