import address from 'virtual:method-files'
import { inflated } from '../../worker/unpack.ts'
import type { PlantedFault } from './faults.ts'

/** A method's file as it stands in the repository. */
export interface MethodFile {
  /** In `packages/solvers/src`. */
  readonly path: string
  readonly text: string
  /** Faults that the project plants in it to see whether its tests notice. */
  readonly faults: readonly PlantedFault[]
}

type Files = Readonly<Record<string, Omit<MethodFile, 'path'>>>

let files: Promise<Files> | undefined

async function fetched(): Promise<Files> {
  const { ok, status, body } = await fetch(address)
  if (!ok || body === null) throw new Error(`the files of the methods cannot be fetched (${status})`)
  return inflated(body).json()
}

/** The file that a method is in. @throws {Error} for a method that there is not, and where nothing can be fetched. */
export async function fileOf(method: string): Promise<MethodFile> {
  files ??= fetched().catch((error: unknown) => {
    files = undefined // so that it can be tried again
    throw error
  })
  const found = Object.entries(await files).find(([path]) => path.endsWith(`/${method}.ts`))
  if (found === undefined) throw new Error(`no method is named '${method}'`)
  const [path, file] = found
  return { path, ...file }
}
