import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as autograd from '@tweedie/autograd'
import * as solvers from '@tweedie/solvers'
import * as tensors from '@tweedie/tensor'
import { compile, scriptOf } from './compile.ts'
import type { PlantedFault } from './faults.ts'
import { handle } from './handle.ts'
import type { Module } from './modules.ts'
import { moduleIn } from './modules.ts'

const src = resolve(import.meta.dirname, '../../../../solvers/src')

/** The text of a file of the solvers, by its path there. */
export const sourceOf = (path: string): string => readFileSync(resolve(src, path), 'utf8')

/** The exports of a text at a path, run as the sandbox runs it, with every file of solvers that it asks for. */
export async function loaded(text: string, path: string): Promise<Module> {
  const compiled = compile(text, path)
  const register: Record<string, Module> = {
    '@tweedie/tensor': tensors,
    '@tweedie/autograd': autograd,
    '@tweedie/solvers': solvers,
  }
  for (const { module } of compiled.needs)
    if (module.startsWith('solvers/'))
      register[module] = await import(/* @vite-ignore */ resolve(src, module.slice('solvers/'.length)))
  let served: Module = {}
  Object.assign(globalThis, {
    [handle]: {
      need: (name: string, line: number, names: string[]) => moduleIn(register, name, line, names),
      serve: (exports: Module) => {
        served = exports
      },
    },
  })
  const url = `data:text/javascript,${encodeURIComponent(scriptOf(compiled))}`
  await import(/* @vite-ignore */ url)
  return served
}

/** The faults that the project plants in a file of the solvers. */
export async function faultsOf(path: string): Promise<readonly PlantedFault[]> {
  const table = new URL('../../../../../scripts/mutants/table.ts', import.meta.url).href
  const { edits } = (await import(/* @vite-ignore */ table)) as {
    edits: (PlantedFault & { readonly file: string })[]
  }
  return edits
    .filter(({ file }) => file === `packages/solvers/src/${path}`)
    .map((edit) => ({ ...edit, tests: edit.tests ?? [] }))
}
