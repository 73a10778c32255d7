import type { Machine } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import { z } from 'zod'
import type { ImageCell, ImageCellId } from './cell.ts'

/** JSON has no ∞: null stands for it. */
const value = z
  .number()
  .nullable()
  .transform((v) => v ?? Infinity)
const count = z.int().nonnegative()

const id = {
  ...{ prior: z.string(), operator: z.string(), noise: z.string(), method: z.string(), words: z.string() },
  ...{ seed: count, pictures: count },
}

const CellSchema: z.ZodType<ImageCell> = z.union([
  z.object({
    ...id,
    measured: count,
    scores: z.array(z.record(z.string(), value)),
    ...{ nfe: count, vjps: count, seconds: z.number() },
  }),
  z.object({ ...id, refused: z.string() }),
])

const format = 'tweedie images 1'

const ResultsSchema = z.object({
  format: z.literal(format),
  /** As it was typed. */
  command: z.string(),
  /** ISO 8601, UTC. */
  date: z.string(),
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  /** What the pictures are. */
  truth: z.string(),
  cells: z.array(CellSchema),
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
    return ResultsSchema.parse(JSON.parse(text))
  } catch {
    throw new FileFormatError(name, 'holds no results of `tweedie bench images`')
  }
}

/** A cell of a line of JSON; undefined where the line is broken off or something else. */
export function parseImageCell(line: string): ImageCell | undefined {
  try {
    return CellSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** What tells a cell from every other. */
export const imageCellKey = ({ prior, operator, noise, words, seed, pictures }: ImageCellId): string =>
  JSON.stringify([prior, operator, noise, words, seed, pictures])
