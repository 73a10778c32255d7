// Networks of diffusers 0.42 with random weights, made by tests/fixtures/ddpm-variants/make.py.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DType, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmConfigFromDiffusers } from './diffusers.ts'

export const variantsFolder = resolve(import.meta.dirname, '../../../../../tests/fixtures/ddpm-variants')

const read = (name: string): unknown => JSON.parse(readFileSync(join(variantsFolder, name), 'utf8'))

/** The names of all cases. */
export const variantCases: readonly string[] = readdirSync(variantsFolder)
  .filter((name) => name.endsWith('.safetensors'))
  .map((name) => name.replace('.safetensors', ''))

/** What save_pretrained wrote to `config.json`. */
export const savedConfig = (name: string) => read(`${name}.json`) as Readonly<Record<string, unknown>>

export const variantConfig = (name: string): DdpmConfig =>
  ddpmConfigFromDiffusers(savedConfig(name), `${name}.json`)

/** The shapes in the state dict of a case. */
export const savedShapes = (name: string): Readonly<Record<string, readonly number[]>> =>
  (read('shapes.json') as Record<string, Record<string, number[]>>)[name] ?? {}

type Io = Readonly<Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor>> & {
  readonly labels?: Tensor
  readonly [gradient: `grad:${string}`]: Tensor
}

/** What went in and what came out. */
export function variantIo(name: string, dtype: DType, device: string): Io {
  const file = parseSafetensors(readFileSync(join(variantsFolder, `${name}.safetensors`)), name)
  const named = file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, { dtype, device })])
  return Object.fromEntries(named) as Io
}
