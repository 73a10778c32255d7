import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { TweedieError } from '@tweedie/tensor'
import type { GpuBackend } from '@tweedie/tensor/gpu'
import { gpuBackends } from '@tweedie/tensor/gpu'
import { loadShippedPrior } from '@tweedie/unet/node'
import { findChromium } from '../../tests/browser.ts'
import { inChromium } from './chromium.ts'
import type { Failure } from './job.ts'
import { chosenJobs } from './jobs.ts'
import type { Results, Row } from './measure.ts'
import { hasWebGpuPackage, inNode, installWebGpu } from './node.ts'
import { givenTo, readPeer, runTorch } from './peer.ts'
import { table } from './table.ts'

const help = `Usage: npm run bench:gpu [-- OPTIONS]
Measures the gpu device on the graphics processor that is here: kernels, networks, also recorded, and DPS. In headless Chromium
(from the PATH, or CHROMIUM=/path), or else in Node with the package webgpu (${installWebGpu}).
  --node            in Node
  --headed          in a browser with a window
  --software        on the browser's software renderer: right results, times without meaning
  --few             only what a software renderer gets through, and two steps of DPS
  --backend <name>  ${gpuBackends.join(', ')} (the best that is there)
  --filter <text>   only what has this in its name
  --seconds <s>     least time of each (1)
  --torch <python>  beside PyTorch of this python3, which runs right before and after
  --torch-device <d>  cuda, or cpu (cuda)
  --peer <file>     beside what scripts/bench-gpu/peer.py has written
  --json <file>     where the numbers go (out/bench-gpu.json)`

const { values } = parseArgs({
  options: {
    node: { type: 'boolean', default: false },
    headed: { type: 'boolean', default: false },
    software: { type: 'boolean', default: false },
    few: { type: 'boolean', default: false },
    backend: { type: 'string' },
    filter: { type: 'string', default: '' },
    seconds: { type: 'string', default: '1' },
    torch: { type: 'string' },
    'torch-device': { type: 'string', default: 'cuda' },
    peer: { type: 'string' },
    json: { type: 'string', default: 'out/bench-gpu.json' },
    help: { type: 'boolean', default: false },
  },
})
const { node, filter, few, torch } = values
const seconds = Number(values.seconds)
const backend = gpuBackends.find((name) => name === values.backend)
const wrong = !(seconds > 0 && seconds <= 600) || (values.backend !== undefined && backend === undefined)
if (values.help || wrong) {
  console.log(help)
  process.exit(values.help ? 0 : 2)
}

const told = (done: Row | Failure) =>
  console.error(
    'why' in done
      ? `${done.name}: ${done.why.split('\n')[0]}`
      : `${done.name}: ${done.ms.median.toPrecision(3)} ms, ${done.launches} launches`,
  )

async function results(chosen: GpuBackend | undefined) {
  const asked = { filter, few, seconds, backend: chosen }
  const browser = node ? undefined : findChromium()
  if (browser !== undefined) return inChromium(browser, { ...values, ...asked }, told)
  if (node || hasWebGpuPackage()) return inNode(asked, told)
  throw new TweedieError(
    `bench:gpu: no Chromium on the PATH (or CHROMIUM=/path), and no package webgpu (${installWebGpu})`,
  )
}

/** Writes what is known so far. */
function write(found: Results): void {
  mkdirSync(dirname(values.json), { recursive: true })
  writeFileSync(values.json, `${JSON.stringify(found, null, 2)}\n`)
}

/** Measures, with PyTorch right before and after where it was asked for. */
async function all(): Promise<Results> {
  const read = values.peer === undefined ? [] : [readPeer(values.peer)]
  if (torch === undefined) return { ...(await results(backend)), peers: read }
  const digits = async (on: string) => loadShippedPrior('digits', { device: on })
  using given = await givenTo(chosenJobs(digits, { filter, few }))
  const how = { python: torch, device: values['torch-device'], seconds }
  const before = [...read, runTorch(given, how)]
  const found = { ...(await results(backend)), peers: before }
  write(found)
  return { ...found, peers: [...before, runTorch(given, how)] }
}

try {
  const found = await all()
  write(found)
  console.log(table(found))
  const failed = [found, ...(found.peers ?? [])].flatMap((one) => one.failed)
  for (const { name, why } of failed) console.log(`Failed: ${name}: ${why}`)
  console.log(`Wrote ${values.json}`)
  process.exitCode = failed.length === 0 ? 0 : 1
} catch (error) {
  console.error(`bench:gpu: ${(error as Error).message.split('\n')[0]}`)
  process.exitCode = 1
}
// Dawn would keep Node alive.
if (node) process.exit()
