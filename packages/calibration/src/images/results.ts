import type { Machine } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import * as v from 'valibot'
import { count, number, record } from '../json.ts'
import type { ImageCell, ImageCellId } from './cell.ts'

/** JSON has no ∞: null stands for it. */
const value = v.pipe(
  v.nullable(number),
  v.transform((given) => given ?? Infinity),
)

const id = {
  ...{ prior: v.string(), operator: v.string(), noise: v.string(), method: v.string(), words: v.string() },
  ...{ seed: count, pictures: count },
}

const CellSchema: v.GenericSchema<unknown, ImageCell> = v.union([
  v.object({
    ...id,
    measured: count,
    scores: v.array(record(value)),
    ...{ nfe: count, vjps: count, seconds: number },
  }),
  v.object({ ...id, refused: v.string() }),
])

const format = 'tweedie images 1'

const ResultsSchema = v.object({
  format: v.literal(format),
  /** As it was typed. */
  command: v.string(),
  /** ISO 8601, UTC. */
  date: v.string(),
  machine: record(v.union([v.string(), number])),
  /** What the pictures are. */
  truth: v.string(),
  cells: v.array(CellSchema),
})

/** What `tweedie bench images` leaves, as plain data. */
export interface ImageResults {
  readonly command: string
  readonly date: string
  readonly machine: Machine | Readonly<Record<string, string | number>>
  readonly truth: string
  readonly cells: readonly ImageCell[]
}

/** Results as they stand in a file: a cell a line. */
export function formatImageResults({ cells, ...facts }: ImageResults): string {
  const head = JSON.stringify({ format, ...facts }, null, 1).replace(/\n}$/, '')
  return `${head},\n "cells": [\n${cells.map((cell) => `  ${JSON.stringify(cell)}`).join(',\n')}\n ]\n}\n`
}

/**
 * The results that a text holds.
 * @param name - Of the file, for errors.
 * @throws {FileFormatError} where it holds something else.
 */
export function parseImageResults(text: string, name: string): ImageResults {
  try {
    return v.parse(ResultsSchema, JSON.parse(text))
  } catch {
    throw new FileFormatError(name, 'holds no results of `tweedie bench images`')
  }
}

/** A cell of a line of JSON; undefined where the line is broken off or something else. */
export function parseImageCell(line: string): ImageCell | undefined {
  try {
    return v.parse(CellSchema, JSON.parse(line))
  } catch {
    return undefined
  }
}

/** What tells a cell from every other. */
export const imageCellKey = ({ prior, operator, noise, words, seed, pictures }: ImageCellId): string =>
  JSON.stringify([prior, operator, noise, words, seed, pictures])
