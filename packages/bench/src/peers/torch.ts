import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { TweedieError } from '@tweedie/tensor'
import * as v from 'valibot'
import type { BenchCase, HostArray } from '../cases/case.ts'
import { networks, timesOf, trainingSettings } from '../cases/networks.ts'
import type { PeerFactory, Prepared } from '../engine.ts'

const number = v.pipe(v.number(), v.finite())

const Hello = v.object({
  torch: v.string(),
  threads: number,
  capability: v.string(),
  mkldnn: v.boolean(),
})
const Sizes = v.object({ sizes: v.array(number) })
const Times = v.object({ ms: v.array(number) })
const Done = v.object({})
const Memory = v.object({ bytes: v.nullable(number) })

type Environment = Readonly<Record<string, string>>

/** A python3 that runs torch_peer.py: one request at a time, answered in order. */
class Python {
  private readonly child: ChildProcess
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  private failure: Error | undefined
  private trouble = ''

  constructor(program: string, environment: Environment) {
    // In src also when this runs from dist. -B: leaves no compiled files beside the sources.
    const script = join(import.meta.dirname, '../../src/peers/torch_peer.py')
    this.child = spawn(program, ['-B', script], { stdio: 'pipe', env: { ...process.env, ...environment } })
    this.child.stderr!.on('data', (text) => {
      this.trouble += String(text)
    })
    createInterface(this.child.stdout!).on('line', (line) => this.waiting.shift()?.resolve(line))
    const fail = (message: string) => {
      this.failure ??= new TweedieError(`PyTorch: ${message}`)
      for (const { reject } of this.waiting.splice(0)) reject(this.failure)
    }
    this.child.on('error', ({ message }) => fail(message))
    this.child.on('close', (code) =>
      fail(this.trouble.trim().split('\n').at(-1) || `python3 ended with ${code}`),
    )
    this.child.stdin!.on('error', () => undefined) // the child's end says why
  }

  async ask<T>(shape: v.GenericSchema<unknown, T>, request: object): Promise<T> {
    if (this.failure !== undefined) throw this.failure
    const line = await new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.child.stdin!.write(`${JSON.stringify(request)}\n`)
    })
    const reply: unknown = JSON.parse(line)
    const failed = v.safeParse(v.object({ error: v.string() }), reply)
    if (failed.success) throw new TweedieError(`PyTorch: ${failed.output.error}`)
    return v.parse(shape, reply)
  }

  close(): void {
    this.child.stdin!.end()
  }
}

/** Arrays one after the other in a file, and where each begins, in elements. */
function writeArrays(file: string, arrays: Readonly<Record<string, HostArray>>) {
  let offset = 0
  const places = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const place = { shape, offset }
      offset += data.length
      return [name, place]
    }),
  )
  writeFileSync(
    file,
    Buffer.concat(Object.values(arrays).map(({ data }) => new Uint8Array(data.slice().buffer))),
  )
  return places
}

/** What torch_peer.py needs to build the network of a case, and its parameters. */
function networkRequest({ op, inputs }: BenchCase) {
  if (op.kind !== 'network') return undefined
  const { config, params } = networks[op.network]('wasm')
  const arrays: Record<string, HostArray> = {}
  for (const [name, tensor] of Object.entries(params)) {
    arrays[`params/${name}`] = { shape: tensor.shape, data: tensor.dataSync() as Float32Array }
    tensor.dispose()
  }
  const times = [...timesOf(inputs['x']![0]!)]
  return { arrays, request: { config, times, params: Object.keys(params), settings: trainingSettings } }
}

/** What holds PyTorch's own kernels, oneDNN's and MKL's to AVX2 on a machine that has more. */
const avx2: Environment = {
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  DNNL_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
}

/** Something for oneDNN to do, so that it tells what it does it by. */
const convolution =
  'import torch; torch.nn.functional.conv2d(torch.ones(2, 64, 32, 32), torch.ones(64, 64, 3, 3))'

/** The instructions that oneDNN says it uses in an environment, such as 'Intel AVX2'; undefined where it does not say. */
async function oneDnnIsa(program: string, environment: Environment): Promise<string | undefined> {
  const env = { ...process.env, ...environment, ONEDNN_VERBOSE: '1' }
  const { stdout } = await promisify(execFile)(program, ['-c', convolution], { env })
  return /^onednn_verbose,.*info,cpu,isa:(.+)$/m.exec(stdout)?.[1]
}

/**
 * PyTorch on the CPU (BSD-3-Clause), where the python3 on the path, or the program in TWEEDIE_PYTHON, has it. It runs
 * in a process of its own and holds its own clock, so that no pipe is timed.
 */
export const torch: PeerFactory = (threads) => torchIn('pytorch', {}, threads)

/**
 * PyTorch held to AVX2: what it does on a machine without AVX-512, as far as one with it can tell. Absent where oneDNN or
 * PyTorch itself says that it uses something else.
 */
export const torchAvx2: PeerFactory = async (threads) => {
  const engine = await torchIn('pytorch-avx2', avx2, threads)
  if ('absent' in engine) return engine
  const isa = await oneDnnIsa(programOf(), avx2)
  if (isa === 'Intel AVX2' && engine.detail.includes(', AVX2,'))
    return { ...engine, detail: `${engine.detail}, held to AVX2 (oneDNN: ${isa})` }
  await engine.close()
  return {
    absent: `pytorch-avx2: it is not held to AVX2 here: oneDNN says ${isa ?? 'nothing'}, ${engine.detail}`,
  }
}

const programOf = (): string => process.env['TWEEDIE_PYTHON'] ?? 'python3'

async function torchIn(
  name: string,
  environment: Environment,
  threads: number | undefined,
): ReturnType<PeerFactory> {
  const program = programOf()
  const python = new Python(program, environment)
  let about: v.InferOutput<typeof Hello>
  try {
    about = await python.ask(Hello, { do: 'hello', threads })
  } catch (error) {
    python.close()
    return { absent: `PyTorch: no python3 with torch found (${program}: ${(error as Error).message})` }
  }
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-bench-'))
  const file = join(folder, 'arrays')
  const read = async (): Promise<Float32Array[]> => {
    const { sizes } = await python.ask(Sizes, { do: 'outputs', file })
    const bytes = readFileSync(file)
    let at = 0
    return sizes.map((size) => {
      const values = new Float32Array(
        bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size),
      )
      at += 4 * size
      return values
    })
  }
  return {
    name,
    detail: `PyTorch ${about.torch} CPU, ${about.capability}${about.mkldnn ? ', oneDNN' : ''}, ${about.threads} threads, eager`,
    threads: about.threads,
    prepare: async (benchCase, inputs) => {
      const { op } = benchCase
      if (op.kind === 'operator') return { missing: 'no operator is built on it here' }
      if (op.kind === 'network' && op.network === 'adm553')
        return { missing: 'its parameters, 2.2 GB, are not handed to another process' }
      const network = networkRequest(benchCase)
      const arrays = writeArrays(file, { ...inputs, ...network?.arrays })
      await python.ask(Done, { do: 'prepare', case: benchCase, arrays, file, network: network?.request })
      const prepared: Prepared = {
        outputs: read,
        work: {
          kind: 'self-timed',
          sample: async (samples, calls, clock) =>
            (await python.ask(Times, { do: 'sample', samples, calls, clock })).ms,
        },
        peakBytes: async () => (await python.ask(Memory, { do: 'memory' })).bytes ?? undefined,
        // A failure is met, and told, by the next request.
        free: () => void python.ask(Done, { do: 'free' }).catch(() => undefined),
      }
      return prepared
    },
    close: async () => {
      python.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
