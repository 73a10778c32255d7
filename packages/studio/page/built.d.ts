/** Address of the files of methods, as `build/method-files.ts` packs them. */
declare module 'virtual:method-files' {
  const address: string
  export default address
}

/** Address of the engine, as `build/packed-engine.ts` packs it. */
declare module 'virtual:engine' {
  const address: string
  export const lines: number
  export default address
}

/** Address of weights, as `packPlanes` packs them: `build/shipped-priors.ts`. */
declare module '*?planes' {
  const address: string
  export default address
}

/** What the page tells the engine's script of itself, on the line before it: `worker/script.ts`. */
declare const studioScript: {
  /** Address of the folder of the page's scripts. */
  readonly assets: string
  /** Lines before the first of the text of a sandbox. */
  readonly lines: number
}
