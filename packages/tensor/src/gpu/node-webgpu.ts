/** The exports of the package `webgpu` (Dawn for Node) that are used here. */
export interface NodeWebGpu {
  /** A `GPU`, the object that browsers have as `navigator.gpu`. */
  create(options: readonly string[]): object
  /** `GPUBufferUsage`, `GPUMapMode` and the other names that browsers have. */
  readonly globals: Readonly<Record<string, unknown>>
}

// A name that bundlers do not follow: in a browser nothing is imported.
const packageName = 'webgpu'
const importWebGpu = (): Promise<NodeWebGpu> => import(/* @vite-ignore */ packageName) as Promise<NodeWebGpu>

export const inNode = (): boolean => {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } }
  return process?.versions?.node !== undefined
}

/**
 * Gives Node a `navigator.gpu`, of the package `webgpu` where it is installed; a `navigator.gpu` that is there stays.
 * @returns Why there is none, in words; undefined where there is one.
 */
export async function provideWebGpu(
  load: () => Promise<NodeWebGpu> = importWebGpu,
): Promise<string | undefined> {
  const place = globalThis as { navigator?: { readonly gpu?: unknown } }
  if (place.navigator?.gpu !== undefined) return undefined
  if (!inNode()) return 'navigator.gpu is missing'
  let dawn: NodeWebGpu
  try {
    dawn = await load()
  } catch (error) {
    const code = (error as { readonly code?: string }).code
    return code === 'ERR_MODULE_NOT_FOUND'
      ? 'navigator.gpu is missing; in Node, `npm i webgpu` provides it'
      : `the package webgpu cannot be loaded (${(error as Error).message.split('\n')[0]}); \`npm i webgpu@latest\` may help`
  }
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true })
  if (place.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(place.navigator, 'gpu', { value: dawn.create([]), configurable: true })
  return undefined
}
