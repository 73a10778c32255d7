import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { idxBytes } from '../data/idx.test.helper.ts'
import { trainFromCommand } from './command.ts'
import type { TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'
import type { TrainCommand } from './options.ts'

// A small training from the command, in a folder of its own for each file of tests.

export const base = mkdtempSync(join(tmpdir(), 'tweedie-tool-'))
export const [data, out] = [join(base, 'data'), join(base, 'new', 'out')]
export const said: string[] = []

/** Makes the data before all tests of a file, and removes all after them; `out` and what was said before each. */
export function freshFolders(): void {
  beforeAll(() => {
    mkdirSync(data)
    writeFileSync(join(data, 'train-images-idx3-ubyte'), idxBytes([6, 8, 8]))
    writeFileSync(join(data, 't10k-images-idx3-ubyte'), idxBytes([5, 8, 8], 2))
  })
  afterAll(() => rmSync(base, { recursive: true }))
  beforeEach(() => {
    rmSync(join(base, 'new'), { recursive: true, force: true })
    said.splice(0)
  })
}

export const model = ddpmConfig({
  sampleSize: 8,
  blockOutChannels: [4],
  normGroups: 2,
  midAttention: false,
  downAttention: [false],
  upAttention: [false],
})
export const configOf = (change: Partial<TrainOptions> = {}) =>
  trainConfig({ model, steps: 4, batch: 2, shards: 2, ...change })
export const command = (change: Partial<TrainCommand> = {}): TrainCommand => ({
  data,
  out,
  config: configOf(),
  logEvery: 1,
  onMessage: (message) => said.push(message),
  ...change,
})
export const training = (change: Partial<TrainCommand> = {}) => trainFromCommand(command(change))
