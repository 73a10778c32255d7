/** The exports of the package `webgpu`. */
export interface NodeWebGpu {
  create(options: readonly string[]): Gpu
  readonly globals: Readonly<Record<string, unknown>>
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>
}

export interface Adapter {
  readonly info: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
    readonly isFallbackAdapter?: boolean
  }
  /** As older ones say it. */
  readonly isFallbackAdapter?: boolean
}
