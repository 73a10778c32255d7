import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'
import { build } from 'vite'

/** What came of bundling one module. */
export interface Bundle {
  /** The file to import; what it imports later lies beside it. */
  readonly entry: string
  /** Bytes of that file, gzipped. */
  readonly gzipped: number
  /** Paths of the modules that something is left of. */
  readonly modules: readonly string[]
}

const gzipped = (path: string): number => gzipSync(readFileSync(path), { level: 9 }).length

/** Bundle a module for browsers, minified, into an empty folder, with the bundler's own defaults for all else. */
export const bundlers = {
  async esbuild(entry: string, out: string): Promise<Bundle> {
    const { metafile } = await esbuild.build({
      entryPoints: { main: entry },
      outdir: out,
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      logLevel: 'error',
      metafile: true,
    })
    const file = join(out, 'main.js')
    const modules = Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    )
    return { entry: file, gzipped: gzipped(file), modules }
  },

  async vite(entry: string, out: string): Promise<Bundle> {
    const result = await build({
      root: out,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: out,
        emptyOutDir: false,
        rolldownOptions: {
          input: { main: entry },
          preserveEntrySignatures: 'strict', // keep the exports, for the tests
          output: { entryFileNames: '[name].js' },
        },
      },
    })
    const file = join(out, 'main.js')
    const outputs = [result].flat().flatMap((part) => ('output' in part ? part.output : []))
    const modules = outputs.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
    return { entry: file, gzipped: gzipped(file), modules }
  },
}

/** Ends the process that esbuild keeps. */
export const stopBundlers = (): Promise<void> => esbuild.stop()
