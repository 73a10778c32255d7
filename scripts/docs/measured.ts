import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The project's folder. */
export const root = resolve(import.meta.dirname, '../..')

/** How far the samples of a method are from those of the exact posterior, on one problem. */
export interface Distance {
  /** Sliced Wasserstein distance. */
  readonly sliced: number
  /** ‖mean − exact mean‖ over the root of the exact total variance. */
  readonly mean: number
  /** ‖covariance − exact covariance‖ over ‖exact covariance‖, Frobenius. */
  readonly covariance: number
}

/** A row of the table of distances: by the problem's name; why there is none where there is none. */
export type Distances = Readonly<Record<string, Distance | string>>

/** What was measured last of the methods, outside of the tests: the pages are made of it. */
export interface Measured {
  /** By the method's name, and `exact` for exact draws. */
  readonly distances: Readonly<Record<string, Distances>>
  /** The options of each method in it, as a text. */
  readonly runs: Readonly<Record<string, string>>
}

const file = join(root, 'docs/methods/measured.json')

export const readMeasured = (): Measured =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { distances: {}, runs: {} }

/** Writes a file, with its folder. */
export function write(path: string, content: string | Uint8Array): void {
  const full = resolve(root, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, content)
}

export const writeMeasured = (measured: Measured): void =>
  write(file, `${JSON.stringify(measured, null, 1)}\n`)
